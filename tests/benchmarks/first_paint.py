"""First paint of `ambra` beside a bare Textual app, and what `ambra --help` costs beside a bare interpreter.

python -m tests.benchmarks.first_paint [--rounds 7]
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.measure import Line, compared, print_lines
from tests.benchmarks.screen import ROOT, Screen
from tests.benchmarks.stations import NOW, make_store

PAINT_AIM, HELP_AIM = 1.25, 3.0
BARE_APP = """
from textual.app import App, ComposeResult
from textual.widgets import Static
class Bare(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("FIRST FRAME")
Bare().run()
"""


def _paint_seconds(argv: Sequence[str], wanted: bytes, home: str) -> float:
    with Screen(argv, {"AMBRA_HOME": home, "AMBRA_NOW": NOW, **_compiled(home)}) as screen:
        return screen.until(wanted) - screen.started


def _compiled(folder: str) -> dict[str, str]:
    """Both sides keep compiled modules, as installed programs do."""
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": f"{folder}/compiled"}


def _cpu_seconds(argv: Sequence[str], home: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, **_compiled(home)}
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(*, rounds: int = 7) -> list[Line]:
    """Starts both in turn. The first start of each, which may compile or read from a cold disk, does not count."""
    own, bare, help_cpu, bare_cpu = [], [], [], []
    with tempfile.TemporaryDirectory() as home:
        url, store, _ = make_store(Path(home))
        store.close()
        ambra = [sys.executable, "-m", "ambra_tui.cli", "--store", url, "--no-server", "--station", "bench"]
        for _ in range(rounds + 1):
            own.append(_paint_seconds(ambra, rb"\x1b\[\?1049h[\s\S]*(?:Scan|WH1|bench|Starting|scanner)", home))
            bare.append(_paint_seconds([sys.executable, "-c", BARE_APP], b"FIRST FRAME", home))
            help_cpu.append(_cpu_seconds([sys.executable, "-m", "ambra_tui.cli", "--help"], home))
            bare_cpu.append(_cpu_seconds([sys.executable, "-c", "pass"], home))
    own_paint, bare_paint, own_help, interpreter = (
        statistics.median(seen[1:]) * 1000 for seen in (own, bare, help_cpu, bare_cpu)
    )
    return [
        compared("first paint beside bare Textual", own_paint, bare_paint, PAINT_AIM),
        compared("CPU of --help beside the interpreter", own_help, interpreter, HELP_AIM),
    ]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    print_lines(measure(rounds=parser.parse_args().rounds))


if __name__ == "__main__":
    main()
