"""Plans: how many requests an hour a key has.

Example::

    PLANS["professional"]   # 5000
"""

from __future__ import annotations

PLANS: dict[str, int | None] = {
    "free": 100, "starter": 1_000, "standard": 1_000, "professional": 5_000, "premium": 10_000, "enterprise": None,
}  # fmt: skip
"""Requests an hour of each plan; None: no limit."""
