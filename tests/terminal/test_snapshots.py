"""Every screen at the handheld's and the desktop's size in both languages, as it is drawn, and the main ones on a large
screen too; nothing is cut off on a handheld.

After a change that was meant: ``pytest tests/terminal/test_snapshots.py --snapshot-update``, then look at the pictures.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ambra_tui.tui.board import Board
from ambra_tui.tui.rows import RowsPage
from tests.conftest import one_worker
from tests.scenes import LANGUAGES, SCENES, SIZES, play, prepared, terminal_on

HANDHELD, _, LARGE = SIZES
MAY_BE_CUT = {"key_label", "echo"}  # what has no room among the keys stands on the F1 page; a scan was just seen whole
LISTS_MAY_CUT = {"label"}  # the details of a row of a list; the search and a wider screen show them
CASES = [
    pytest.param(name, rows, columns, id=f"{name}-{rows}x{columns}")
    for name, shown in SCENES.items()
    for rows, columns in SIZES
    if (rows, columns) != LARGE or shown.is_pictured
]
pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])  # a picture does not depend on the database


@pytest.fixture(autouse=True)
def utc() -> Iterator[None]:
    """Moments are drawn in the station's own time: here UTC."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.fixture
def templates(run_folder: Path) -> Path:
    """A folder with a store for each language, made once a run."""
    folder = run_folder / "scenes"
    with one_worker(run_folder, "scenes") as done:
        if not done.exists():
            folder.mkdir(exist_ok=True)
            for language in LANGUAGES:
                prepared(folder, language)
            done.touch()
    return folder


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("name", "rows", "columns"), CASES)
def test_a_screen_looks_as_it_did(
    name: str,
    rows: int,
    columns: int,
    language: str,
    dialect: str,
    templates: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    snap_compare: Callable[..., bool],
) -> None:
    """Look at the report before a new picture is accepted: would you want to work with it for eight hours?"""
    monkeypatch.setenv("LANG", f"{language}.UTF-8")
    monkeypatch.setenv("AMBRA_HOME", str(tmp_path))
    path = tmp_path / "scene.db"
    shutil.copyfile(templates / f"{language}.db", path)
    terminal = terminal_on(path)
    cut: list[str] = []

    async def walk(pilot: Any) -> None:
        await play(SCENES[name])(pilot)
        allowed = MAY_BE_CUT | (LISTS_MAY_CUT if isinstance(terminal.screen, RowsPage) else set())
        for line in terminal.screen.query_one(Board).lines:
            cut.extend(part for part, style in line if "…" in part and style not in allowed)

    assert snap_compare(terminal, terminal_size=(columns, rows), run_before=walk)
    if (rows, columns) == HANDHELD:
        assert not cut
