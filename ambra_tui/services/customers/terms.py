"""The words of customers: what a field may hold, and how it is kept.

Example::

    clean_email(" Jane@Example.COM ")      # 'jane@example.com'
    clean_phone("+1-555-0123")             # '+1-555-0123'
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ambra_tui.errors import Invalid
from ambra_tui.kit.countries import is_country
from ambra_tui.kit.text import clean_line

MAX_NAME, MAX_EMAIL, MAX_PHONE, MAX_TAG = 120, 254, 60, 60
MAX_TAGS, MAX_ADDRESSES = 50, 100
ADDRESS_TYPES = ("shipping", "billing")
ADDRESS_TEXTS: Mapping[str, int] = {
    "first_name": MAX_NAME, "last_name": MAX_NAME, "company": 255, "line1": 255, "line2": 255, "city": 120,
    "state": 120, "zip": 20, "phone": MAX_PHONE,
}  # fmt: skip
_LOCAL = r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_EMAIL = re.compile(rf"(?P<local>{_LOCAL})@(?P<domain>{_LABEL}(?:\.{_LABEL})+)")
_PHONE = re.compile(r"\+?[0-9 ()./-]*[0-9][0-9 ()./-]*(?:(?:x|ext\.?|#) ?[0-9]{1,8})?", re.IGNORECASE)
_BLANKS = re.compile(r"\s+")


class InvalidEmail(Invalid):
    """What is no e-mail address."""

    def __init__(self, field: str) -> None:
        message = "Must be a valid email address"
        super().__init__("Invalid email format", details={"fields": [{"field": field, "message": message}]})


def is_email(text: str) -> bool:
    """True for a whole e-mail address."""
    found = _EMAIL.fullmatch(text)
    return found is not None and len(text) <= MAX_EMAIL and len(found["local"]) <= 64


def clean_email(value: str, *, field: str = "email") -> str:
    """The address in small letters. Raises InvalidEmail."""
    try:
        text = clean_line(value, field=field, max_length=MAX_EMAIL).lower()
    except Invalid:
        raise InvalidEmail(field) from None
    if not is_email(text):
        raise InvalidEmail(field)
    return text


def clean_phone(value: str, *, field: str = "phone") -> str:
    """The number as it is written, with single blanks. Raises Invalid for what cannot be dialled."""
    text = _BLANKS.sub(" ", clean_line(value, field=field, max_length=MAX_PHONE, required=False))
    if text and (not _PHONE.fullmatch(text) or not 3 <= sum(map(str.isdigit, text)) <= 30):
        raise Invalid(f"{field} must be a telephone number such as +1-555-0123", field=field)
    return text


def clean_tags(tags: Sequence[str]) -> list[str]:
    """Tags in their order, each once. Raises Invalid."""
    cleaned = dict.fromkeys(
        clean_line(tag, field=f"tags.{place}", max_length=MAX_TAG) for place, tag in enumerate(tags)
    )
    if len(cleaned) > MAX_TAGS:
        raise Invalid(f"a customer has at most {MAX_TAGS} tags", field="tags")
    if any("," in tag for tag in cleaned):
        raise Invalid("a tag holds no comma", field="tags")
    return list(cleaned)


def clean_country(value: str, *, field: str = "country") -> str:
    """Two capital letters, or empty. Raises Invalid."""
    text = clean_line(value, field=field, required=False).upper()
    if text and not is_country(text):
        raise Invalid(f"{field} must be a country's two letters (ISO 3166-1), such as US", field=field)
    return text


def clean_address(values: Mapping[str, Any], *, place: str = "") -> dict[str, Any]:
    """The columns of `values`, checked. `place`: what stands before a field's name in a refusal. Raises Invalid."""
    cleaned: dict[str, Any] = {}
    for name, value in values.items():
        field = f"{place}{name}"
        if name == "phone":
            cleaned[name] = clean_phone(value, field=field)
        elif name == "country":
            cleaned[name] = clean_country(value, field=field)
        elif name == "type":
            if value not in ADDRESS_TYPES:
                raise Invalid(f"{field} is one of {', '.join(ADDRESS_TYPES)}", field=field)
            cleaned[name] = value
        else:
            cleaned[name] = clean_line(
                value, field=field, max_length=ADDRESS_TEXTS[name], required=name == "line1"
            )  # fmt: skip
    return cleaned
