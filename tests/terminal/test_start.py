"""The picture comes before the store: what is loaded until then, and what a person sees meanwhile."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from ambra_tui.services.sample import load_sample
from ambra_tui.store import open_store
from tests.pty_harness import Terminal
from tests.terminal.conftest import ROOT

PROBE = """
import sys
import ambra_tui.tui.run
from ambra_tui.tui.app import Terminal
import ambra_tui.tui.driver
print("\\n".join(sorted(sys.modules)))
"""
HEAVY = {
    "sqlalchemy",
    "sqlmodel",
    "fastapi",
    "pydantic",
    "starlette",
    "uvicorn",
    "alembic",
    "psycopg",
    "serial",
    "rapidfuzz",
}


def test_a_site_that_is_not_there_ends_the_start_with_a_sentence(sqlite_url: str, tmp_path: Path) -> None:
    with open_store(sqlite_url) as store:
        load_sample(store, "ds1")
    argv = [sys.executable, "-m", "ambra_tui.cli", "--store", sqlite_url, "--site", "WH9", "--no-server"]
    with Terminal.start(argv, folder=ROOT, environment={"AMBRA_HOME": str(tmp_path)}) as terminal:
        assert terminal.wait_exit() == 1
        terminal.pump_until(time.monotonic() + 0.2)
        assert "There is no site 'WH9'. Known sites: WH1, ST1" in " ".join(terminal.screen.split())


def test_the_first_frame_needs_none_of_the_store() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    ).stdout.split()
    assert "ambra_tui.tui.app" in loaded
    assert not HEAVY & set(loaded)
    assert not [
        name for name in loaded if name.startswith(("ambra_tui.store", "ambra_tui.floor", "ambra_tui.services"))
    ]
