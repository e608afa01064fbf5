"""The picture comes before the store: what is loaded until then, and what a person sees meanwhile."""

from __future__ import annotations

import subprocess
import sys

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


def test_the_first_frame_needs_none_of_the_store() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    ).stdout.split()
    assert "ambra_tui.tui.app" in loaded
    assert not HEAVY & set(loaded)
    assert not [
        name for name in loaded if name.startswith(("ambra_tui.store", "ambra_tui.floor", "ambra_tui.services"))
    ]
