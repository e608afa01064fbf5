"""GS1 element strings: raw with separators, or bracketed for people; the rules that bind their identifiers.

Example::

    read_elements("0105001000000019" + "10M130")   # [('01', '05001000000019'), ('10', 'M130')]
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from ambra_tui.scan.dates import is_month_day, read_date
from ambra_tui.scan.model import GS
from ambra_tui.scan.numbers import is_restricted
from ambra_tui.scan.refusal import Refused
from ambra_tui.scan.table import Identifier, load_table

Elements = Sequence[tuple[str, str]]

_STAND_INS = re.compile(r"\||\{GS\}|\^\]|\u241d", re.IGNORECASE)
_BRACKETED = re.compile(r"\(\d{2,4}\)")
_BRACKETED_ELEMENT = re.compile(r"\(([0-9]{2,4})\)((?:\\\(|[^(])*)")
_FIELDS = {"00": "sscc", "10": "lot", "21": "serial"}
_DATES = {"11": "production_date", "15": "best_before", "17": "expiry"}
_VARIABLE_TEXT = ("10", "21", "22", "235", "240", "241", "250", "251", "400")
_SWALLOWED_DATE = re.compile(r"(?:11|13|15|16|17)([0-9]{6})(?=$|10|21|30|37)")
_SWALLOWED_TEXT = re.compile(r"(?:10|21)[A-Z][0-9A-Z-]{2,}$")


def with_separators(text: str) -> str:
    """`text` with what badly configured devices send for the separator (``|``, ``{GS}``, ``^]``) made one.

    None of their characters may stand in the text of any identifier that can follow them, so nothing is lost.
    """
    return _STAND_INS.sub(GS, text)


def is_bracketed(text: str) -> bool:
    """True for the form printed for people: ``(01)...(10)...``."""
    return _BRACKETED.match(text) is not None


def read_elements(text: str) -> list[tuple[str, str]]:
    """The elements of a raw string, each checked by itself. Raises Refused."""
    table = load_table()
    position = 1 if text.startswith(GS) else 0
    end_of_text = len(text)
    if position == end_of_text:
        raise Refused("empty", "no Application Identifier")
    elements: list[tuple[str, str]] = []
    while position < end_of_text:
        identifier = table.find(text, position)
        if identifier is None:
            raise Refused("unknown_ai", f"'{_shown(text[position : position + 4])}' is no Application Identifier")
        start = position + len(identifier.ai)
        end = _end_of_value(text, start, identifier)
        value = text[start:end]
        _check(identifier, value)
        elements.append((identifier.ai, value))
        position = end + 1 if text.startswith(GS, end) else end
    return elements


def _end_of_value(text: str, start: int, identifier: Identifier) -> int:
    separator = text.find(GS, start)
    end = len(text) if separator < 0 else separator
    if identifier.is_predefined:
        return min(end, start + identifier.content.longest)
    return end


def read_bracketed(text: str) -> list[tuple[str, str]]:
    """The elements of ``(01)...(10)...``, where ``\\(`` stands for a bracket in a value. Raises Refused."""
    table = load_table()
    elements: list[tuple[str, str]] = []
    position = 0
    while position < len(text):
        match = _BRACKETED_ELEMENT.match(text, position)
        if match is None:
            raise Refused("unknown_ai", f"'{_shown(text[position : position + 6])}' is no bracketed identifier")
        identifier = table.get(match.group(1))
        if identifier is None:
            raise Refused("unknown_ai", f"{match.group(1)} is no Application Identifier")
        value = match.group(2).replace("\\(", "(")
        _check(identifier, value)
        elements.append((identifier.ai, value))
        position = match.end()
    return elements


def check_element(ai: str, value: str) -> None:
    """Raises Refused when `ai` is unknown or `value` is not what it may hold."""
    identifier = load_table().get(ai)
    if identifier is None:
        raise Refused("unknown_ai", f"{_shown(ai)} is no Application Identifier")
    _check(identifier, value)


def _check(identifier: Identifier, value: str) -> None:
    content = identifier.content
    if content.is_fixed and not identifier.is_predefined and len(value) > content.longest:
        raise Refused("missing_separator", f"{identifier.ai} takes {content.longest} characters, then a separator")
    try:
        content.check(value)
    except Refused as refusal:
        raise Refused(refusal.code, f"{identifier.ai} {identifier.title}: {_shown(refusal.detail)}") from None


def _shown(text: str) -> str:
    return text.replace(GS, "<GS>")


def check_together(elements: Elements) -> None:
    """Repeats and exclusions: no further symbol can cure either. Raises Refused."""
    values: dict[str, str] = {}
    for ai, value in elements:
        if values.setdefault(ai, value) != value:
            raise Refused("repeated_ai", f"{ai} is '{values[ai]}' and '{value}'")
    table = load_table()
    present = values.keys()
    for ai in values:
        identifier = table.get(ai)
        assert identifier is not None
        other = identifier.excluded_among(present)
        if other:
            raise Refused("excluded_ai", f"{ai} and {other} exclude each other")


def missing_among(elements: Elements) -> tuple[str, ...]:
    """One sentence for every identifier whose required companions are not among `elements`."""
    table = load_table()
    present = {ai for ai, _ in elements}
    identifiers = [table.get(ai) for ai in dict(elements)]
    return tuple(i.requirement() for i in identifiers if i is not None and not i.is_satisfied_by(present))


def fields_of(elements: Elements, *, today: date) -> dict[str, Any]:
    """The named fields of a Scan that `elements` fill. Raises Refused for a day that is none in its century."""
    values = dict(elements)
    fields: dict[str, Any] = {name: values[ai] for ai, name in _FIELDS.items() if ai in values}
    for ai, name in _DATES.items():
        if ai in values:
            fields[name] = _date_of(ai, values[ai], today=today)
    fields |= undated_fields(elements)
    return fields


def _date_of(ai: str, digits: str, *, today: date) -> date:
    try:
        return read_date(digits, today=today)
    except ValueError as error:
        raise Refused("bad_date", f"{ai} is {digits}: {error}") from None


def undated_fields(elements: Elements) -> dict[str, Any]:
    """The fields that need no clock: item, count, weight, place, and every identifier without a name of its own."""
    values = dict(elements)
    named = {"01", *_FIELDS, *_DATES}
    fields: dict[str, Any] = {"elements": tuple(values.items())}
    if "01" in values or "02" in values:
        fields["gtin"] = values.get("01") or values["02"]
        fields["is_content"] = "01" not in values
        named.add("02")
    count = next((ai for ai in ("37", "30") if ai in values), "")
    if count:
        fields["count"] = Decimal(values[count])
        named.add(count)
    weight = next((ai for ai in values if ai.startswith("310") and len(ai) == 4), "")
    if weight:
        fields["net_weight_kg"] = Decimal(values[weight]).scaleb(-int(weight[3]))
        named.add(weight)
    if "414" in values:
        fields["gln"] = values["414"]
    fields["other"] = {ai: value for ai, value in values.items() if ai not in named}
    return fields


def doubts_about(elements: Elements) -> tuple[str, ...]:
    """Warnings: a text that seems to hold the next identifier, an item number of restricted use."""
    warnings: list[str] = []
    present = {ai for ai, _ in elements}
    if any(ai in ("01", "02") and is_restricted(value) for ai, value in elements):
        warnings.append("restricted_number")
    if any(ai in _VARIABLE_TEXT and _seems_to_swallow(value, present) for ai, value in elements):
        warnings.append("separator_missing?")
    return tuple(warnings)


def _seems_to_swallow(value: str, present: set[str]) -> bool:
    for match in _SWALLOWED_DATE.finditer(value, 1):
        if value[match.start() : match.start() + 2] not in present and is_month_day(
            match.group(1), allow_day_zero=True
        ):
            return True
    swallowed = _SWALLOWED_TEXT.search(value, 2)
    return swallowed is not None and swallowed.group()[:2] not in present
