"""Why a scan is refused or doubted: one small, stable set of codes, each with a sentence in `docs/scanning.md`.

Example::

    raise Refused("bad_date", "17 is 260230: February has no day 30")
"""

from __future__ import annotations

from typing import Literal

Code = Literal[
    "empty",
    "too_long",
    "control_character",
    "bad_charset",
    "bad_length",
    "bad_check_digit",
    "bad_date",
    "bad_value",
    "bad_link",
    "unknown_ai",
    "missing_ai",
    "excluded_ai",
    "repeated_ai",
    "missing_separator",
    "not_a_label",
    "overflow",
    "broken",
]

WARNINGS = (
    "bad_check_digit",
    "bad_date",
    "missing_ai",
    "excluded_ai",
    "repeated_ai",
    "restricted_number",
    "separator_missing?",
    "suspect",
    "upc_e_or_ean_8",
)


class Refused(Exception):
    """Inside the scan engine only: the reading functions raise it, `parse` turns it into an invalid Scan."""

    def __init__(self, code: Code, detail: str) -> None:
        super().__init__(detail)
        self.code: Code = code
        self.detail = detail
