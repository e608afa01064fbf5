"""Trials of the sandbox: nothing in it names a thing, and a live key is refused."""

from __future__ import annotations

from tests.api.two_organizations import Trial

TRIALS: dict[str, tuple[Trial, ...]] = {"resetSandbox": (Trial("/sandbox/reset", {}, is_done=False),)}
