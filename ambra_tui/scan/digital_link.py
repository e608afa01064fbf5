"""GS1 Digital Link: a web address whose path holds a key, its qualifiers in order, and further data in the query.

Example::

    read_link("https://example.com/01/05001000000019/10/M130?17=260715")
    # [('01', '05001000000019'), ('10', 'M130'), ('17', '260715')]
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ambra_tui.scan.gs1 import check_element
from ambra_tui.scan.refusal import Refused
from ambra_tui.scan.table import Identifier, load_table

Elements = list[tuple[str, str]]

_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_PARTS = re.compile(r"[^/?#]*://(?P<host>[^/?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?")
_HOST = re.compile(r"[-.0-9A-Za-z:\[\]_@]+")
_ADDRESS_CHARACTERS = re.compile(r"[!-~]+")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_KEY_DIGITS = 13


def is_address(text: str) -> bool:
    """True for a web address, its scheme in any case."""
    return _ADDRESS.match(text) is not None


def holds_key(text: str) -> bool:
    """True when the path of the address `text` holds a key of GS1 and something after it."""
    return _key_position(_segments(text)) is not None


def read_link(text: str) -> Elements:
    """The elements of a Digital Link, each checked by itself. Raises Refused."""
    parts = _PARTS.match(text)
    assert parts is not None
    if not _HOST.fullmatch(parts["host"]):
        raise Refused("bad_link", "the address names no host")
    if not _ADDRESS_CHARACTERS.fullmatch(text):
        raise Refused("bad_link", "the address holds a character that must be percent-encoded")
    segments = _segments(text)
    position = _key_position(segments)
    if position is None:
        raise Refused("bad_link", "the path holds no key")
    elements = _read_path(segments[position:])
    return elements + _read_query(parts["query"] or "", path=elements)


def _segments(text: str) -> list[str]:
    parts = _PARTS.match(text)
    return parts["path"].split("/")[1:] if parts is not None else []


def _key_position(segments: Sequence[str]) -> int | None:
    """Where the rightmost key stands. Identifier and value alternate up to the end of the path.

    A key that is followed by a long number but not by such pairs is a broken link, not any web page: its position
    is given too, and reading the path tells what is wrong.
    """
    table = load_table()
    position = len(segments) - 2
    while position >= 0:
        identifier = table.get(segments[position])
        if identifier is None:
            break
        if identifier.link == "key":
            return position
        position -= 2
    for position in range(len(segments) - 2, -1, -1):
        identifier, value = table.get(segments[position]), segments[position + 1]
        if identifier is not None and identifier.link == "key" and len(value) >= _KEY_DIGITS and value.isdigit():
            return position
    return None


def _read_path(segments: Sequence[str]) -> Elements:
    table = load_table()
    if len(segments) % 2:
        raise Refused("bad_link", f"'{segments[-1][:40]}' at the end of the path belongs to no identifier")
    elements = [(ai, _decoded(value)) for ai, value in zip(segments[::2], segments[1::2], strict=True)]
    for ai, value in elements:
        check_element(ai, value)
    key = table.get(elements[0][0])
    assert key is not None
    if not _is_order_of(key, [ai for ai, _ in elements[1:]]):
        raise Refused("bad_link", f"{'/'.join(ai for ai, _ in elements)} is no order of a key and its qualifiers")
    return elements


def _is_order_of(key: Identifier, qualifiers: Sequence[str]) -> bool:
    if key.ai == "415" and list(qualifiers) != ["8020"]:
        return False
    return not qualifiers or any(_is_subsequence(qualifiers, order) for order in key.qualifiers)


def _is_subsequence(part: Sequence[str], whole: Sequence[str]) -> bool:
    remaining = iter(whole)
    return all(item in remaining for item in part)


def _read_query(query: str, *, path: Elements) -> Elements:
    table = load_table()
    key = table.get(path[0][0])
    assert key is not None
    seen = {ai for ai, _ in path}
    elements: Elements = []
    for parameter in query.split("&"):
        ai, _, value = parameter.partition("=")
        if not ai.isdigit():
            continue
        decoded = _decoded(value.replace("+", " "))
        if ai == "01" and len(decoded) in (8, 12, 13):
            decoded = decoded.zfill(14)
        check_element(ai, decoded)
        identifier = table.get(ai)
        assert identifier is not None
        if ai in seen:
            raise Refused("repeated_ai", f"{ai} stands twice in the address")
        if not identifier.link:
            raise Refused("bad_link", f"{ai} may not stand in the query")
        if _belongs_in_path(ai, key=key, path=path):
            raise Refused("bad_link", f"{ai} belongs in the path, after {key.ai}")
        seen.add(ai)
        elements.append((ai, decoded))
    return elements


def _belongs_in_path(ai: str, *, key: Identifier, path: Elements) -> bool:
    qualifiers = [qualifier for qualifier, _ in path[1:]]
    return any(
        _is_order_of(key, [*qualifiers[:position], ai, *qualifiers[position:]])
        for position in range(len(qualifiers) + 1)
    )


def _decoded(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match.group(1), 16)), text)
