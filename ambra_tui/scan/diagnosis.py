"""What is wrong with a scanner's settings, told from one scan of the test code.

The test code is a Code 128 that holds ``Az09-/.:_`` and a group separator; a scanner that is set up rightly sends it
as ``]C0Az09-/.:_`` + GS.

Example::

    diagnose(RawScan("]C0aZ09-/.:_\\x1d", source="wedge"))   # ('caps_lock',)
"""

from __future__ import annotations

import re
from typing import Literal

from ambra_tui.scan.model import GS, RawScan

TEST_DATA = "Az09-/.:_" + GS
TEST_CODE = "]C0" + TEST_DATA
GROUP_SEPARATOR_STANDINS = ("{GS}", "<GS>", "^]", "|", "~", "\\x1d", "\u241d")

Finding = Literal[
    "right",
    "not_test_code",
    "broken",
    "no_suffix",
    "garbled",
    "no_aim",
    "gs_lost",
    "gs_replaced",
    "caps_lock",
    "layout",
]

_AIM = re.compile(r"^\][A-Za-z][0-9A-Za-z]")
_LETTERS_AND_DIGITS = re.compile(r"[^A-Za-z0-9]")


def diagnose(raw: RawScan, *, ended_by_silence: bool = False) -> tuple[Finding, ...]:
    """Everything that one scan of the test code tells; ``('right',)`` when there is nothing to set."""
    if raw.trouble == "overflow":
        return ("broken",)
    body = _AIM.sub("", raw.text)
    if not _is_test_code(body):
        return ("broken",) if raw.trouble else ("not_test_code",)
    findings: list[Finding] = []
    if raw.trouble == "broken" or ended_by_silence:
        findings.append("no_suffix")
    if raw.suspect:
        findings.append("garbled")
    if body == raw.text:
        findings.append("no_aim")
    text, separator = _without_separator(body)
    if separator != "kept":
        findings.append("gs_lost" if separator == "lost" else "gs_replaced")
    wanted = TEST_DATA.removesuffix(GS)
    if text != wanted:
        findings.append("caps_lock" if text.swapcase() == wanted else "layout")
    return tuple(findings) or ("right",)


def layout_differences(raw: RawScan) -> tuple[tuple[str, str], ...]:
    """Pairs of sent and received characters where the keyboard layout turned one into another."""
    text, _ = _without_separator(_AIM.sub("", raw.text))
    wanted = TEST_DATA.removesuffix(GS)
    if len(text) != len(wanted):
        return ()
    return tuple((sent, got) for sent, got in zip(wanted, text, strict=True) if sent != got)


def _without_separator(body: str) -> tuple[str, Literal["kept", "replaced", "lost"]]:
    if body.endswith(GS):
        return body.removesuffix(GS), "kept"
    for standin in GROUP_SEPARATOR_STANDINS:
        if body.endswith(standin):
            return body.removesuffix(standin), "replaced"
    return body, "lost"


def _is_test_code(body: str) -> bool:
    """Letters and digits survive every layout but for y, z and case; the rest is what is being tested."""
    skeleton = _LETTERS_AND_DIGITS.sub("", body).lower().replace("y", "z").replace("q", "a").replace("gs", "")
    return skeleton in ("az09", "az09x1d") and len(body) <= len(TEST_DATA) + 4
