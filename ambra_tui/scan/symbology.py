"""AIM symbology identifiers: the three characters by which a scanner says what it read.

Example::

    split("]C100050010000000000019")   # (']C1', '00050010000000000019')
    name("]C1")                        # 'GS1-128'
"""

from __future__ import annotations

import re

_IDENTIFIER = re.compile(r"\][A-Za-z][0-9A-Za-z]")

GS1 = frozenset({"]C1", "]e0", "]d2", "]Q3", "]J1"})
EAN_UPC = "]E0"
EAN_UPC_WITH_ADDON = "]E3"
EAN_8 = "]E4"
ITF = frozenset({"]I0", "]I1"})
PLAIN_CODE_128 = "]C0"

_EXACT = {
    "]C0": "Code 128",
    "]C1": "GS1-128",
    "]E0": "EAN-13, UPC-A or UPC-E",
    "]E1": "EAN add-on, 2 digits",
    "]E2": "EAN add-on, 5 digits",
    "]E3": "EAN-13 with add-on",
    "]E4": "EAN-8",
    "]I1": "ITF, check digit verified",
    "]J1": "GS1 DotCode",
    "]Q3": "GS1 QR Code",
    "]d2": "GS1 DataMatrix",
    "]e0": "GS1 DataBar or composite",
}
_FAMILY = {
    "A": "Code 39",
    "C": "Code 128",
    "E": "EAN/UPC",
    "F": "Codabar",
    "G": "Code 93",
    "I": "ITF",
    "J": "DotCode",
    "L": "PDF417",
    "Q": "QR Code",
    "S": "Industrial 2 of 5",
    "U": "MaxiCode",
    "X": "other",
    "d": "DataMatrix",
    "e": "DataBar",
    "z": "Aztec",
}


def split(text: str) -> tuple[str, str]:
    """The AIM identifier at the start of `text` (empty when there is none) and the rest."""
    if _IDENTIFIER.match(text):
        return text[:3], text[3:]
    return "", text


def name(identifier: str) -> str:
    """The symbology in words; empty for an identifier that nobody knows or that is missing."""
    return _EXACT.get(identifier) or _FAMILY.get(identifier[1:2], "")
