"""Makes the pictures in `screenshots/` from the real program: of the scenes that stand for a flow, at three sizes, and
of the served documentation in a browser (Chromium).

    python -m tests.screenshots             # the terminal
    python -m tests.screenshots pack undo   # these scenes of it
    python -m tests.screenshots browser     # the documentation
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from tests.scenes import SCENES, SIZES, Scene, play, prepared, terminal_on
from tests.server_process import ServerProcess

FOLDER = Path(__file__).resolve().parents[1] / "screenshots"


async def picture(path: Path, shown: Scene, rows: int, columns: int) -> str:
    """The scene's last screen on the store at `path`, as SVG."""
    terminal = terminal_on(path)
    async with terminal.run_test(size=(columns, rows)) as pilot:
        await play(shown)(pilot)
        svg = terminal.export_screenshot(title="AmbraWMS" if columns > SIZES[0][1] else " ")
    return re.sub(r"terminal-\d+-", "terminal-", svg)  # the library's random prefix would change every picture


# Name of the picture, path, width, height, dark or light.
PAGES = (
    ("docs-wide", "/docs/api/reference/ambra/stock-movements", 1920, 1200, "dark"),
    ("docs-laptop", "/docs/api/reference", 1366, 820, "light"),
    ("docs-phone", "/docs/api/reference/operations/organization", 500, 980, "light"),
    ("docs-guide", "/docs/api/auth", 1366, 820, "dark"),
)


def photograph(browser: str, address: str, target: Path, *, width: int, height: int, scheme: str) -> None:
    """A page as the browser draws it, in few enough colours to be small."""
    preferred = {"dark": 0, "light": 1}[scheme]
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}",
             f"--blink-settings=preferredColorScheme={preferred}", f"--window-size={width},{height}",
             f"--screenshot={target}", address],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
    Image.open(target).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(target, optimize=True)


def browse() -> None:
    """Every page that is pictured."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("Chromium is not installed")
    with tempfile.TemporaryDirectory() as name, ServerProcess.start(f"sqlite:///{name}/store.db") as server:
        for title, path, width, height, scheme in PAGES:
            target = FOLDER / f"{title}.png"
            photograph(browser, server.address + path, target, width=width, height=height, scheme=scheme)
            print(target.name)


def main(*titles: str) -> None:
    """Every scene that is pictured, or those that are named, at every size, each on a copy of one store."""
    if unknown := {title for title in titles if title not in SCENES or not SCENES[title].is_pictured}:
        sys.exit(f"No picture is made of {', '.join(sorted(unknown))}")
    os.environ["TZ"] = "UTC"
    time.tzset()
    FOLDER.mkdir(exist_ok=True)
    for earlier in () if titles else FOLDER.glob("*.svg"):
        earlier.unlink()
    with tempfile.TemporaryDirectory() as name:
        os.environ["AMBRA_HOME"] = name
        template = prepared(Path(name), "en")
        for title, shown in SCENES.items():
            is_wanted = shown.is_pictured and (not titles or title in titles)
            for rows, columns in SIZES if is_wanted else ():
                path = Path(name) / f"{title}-{rows}.db"
                shutil.copyfile(template, path)
                target = FOLDER / f"{title}-{rows}x{columns}.svg"
                target.write_text(asyncio.run(picture(path, shown, rows, columns)), encoding="utf-8")
                print(target.name)


if __name__ == "__main__":
    browse() if sys.argv[1:] == ["browser"] else main(*sys.argv[1:])
