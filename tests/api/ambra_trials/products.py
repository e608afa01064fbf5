"""Trials of products."""

from __future__ import annotations

from tests.api.two_organizations import Trial

TRIALS: dict[str, tuple[Trial, ...]] = {}
