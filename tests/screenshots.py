"""Makes the pictures in `screenshots/` from the real program, of the scenes that stand for a flow, at three sizes:

python -m tests.screenshots
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
import time
from pathlib import Path

from tests.scenes import SCENES, SIZES, Scene, play, prepared, terminal_on

FOLDER = Path(__file__).resolve().parents[1] / "screenshots"


async def picture(path: Path, shown: Scene, rows: int, columns: int) -> str:
    """The scene's last screen on the store at `path`, as SVG."""
    terminal = terminal_on(path)
    async with terminal.run_test(size=(columns, rows)) as pilot:
        await play(shown)(pilot)
        svg = terminal.export_screenshot(title="AmbraWMS" if columns > SIZES[0][1] else " ")
    return re.sub(r"terminal-\d+-", "terminal-", svg)  # the library's random prefix would change every picture


def main() -> None:
    """Every scene that is pictured, at every size, each on a copy of one store."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with tempfile.TemporaryDirectory() as name:
        os.environ["AMBRA_HOME"] = name
        template = prepared(Path(name), "en")
        for title, shown in SCENES.items():
            for rows, columns in SIZES if shown.is_pictured else ():
                path = Path(name) / f"{title}-{rows}.db"
                shutil.copyfile(template, path)
                target = FOLDER / f"{title}-{rows}x{columns}.svg"
                target.write_text(asyncio.run(picture(path, shown, rows, columns)), encoding="utf-8")
                print(target.name)


if __name__ == "__main__":
    main()
