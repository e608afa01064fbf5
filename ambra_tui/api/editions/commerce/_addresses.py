"""How bodies of this edition tell where somebody is: one line each of names, streets, cities; a country's two letters.

Example::

    {"line1": "1 Main St", "city": "Springfield", "state": "IL", "zip": "62701", "country": "US"}
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, WithJsonSchema

from ambra_tui.api.fields import ANY_TEXT
from ambra_tui.errors import Invalid
from ambra_tui.kit.countries import COUNTRIES
from ambra_tui.kit.text import clean_line
from ambra_tui.services.customers.terms import ADDRESS_TYPES, MAX_EMAIL, MAX_NAME, MAX_PHONE


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    return value


def _most(longest: int) -> BeforeValidator:
    def check(value: Any) -> str:
        try:
            return clean_line(_text(value), field="the text", max_length=longest, required=False)
        except Invalid as error:
            raise ValueError(error.message.removeprefix("the text ")) from None

    return BeforeValidator(check)


def _schema(longest: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": ANY_TEXT, "maxLength": longest})


Name = Annotated[str, _most(MAX_NAME), _schema(MAX_NAME)]
Town = Annotated[str, _most(120), _schema(120)]
Street = Annotated[str, _most(255), _schema(255)]
Postcode = Annotated[str, _most(20), _schema(20)]
Email = Annotated[
    str, BeforeValidator(_text), WithJsonSchema({"type": "string", "format": "email", "maxLength": MAX_EMAIL})
]
Phone = Annotated[
    str,
    BeforeValidator(_text),
    WithJsonSchema({"type": "string", "pattern": r"^(\+?[0-9]{1,4}([ .-]?[0-9]{2,8}){1,3})?$", "maxLength": MAX_PHONE}),
]
Country = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": "string", "enum": ["", *sorted(COUNTRIES)]})]
AddressType = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": "string", "enum": list(ADDRESS_TYPES)})]


def given(body: BaseModel, *texts: str, without: Iterable[str] = ()) -> dict[str, Any]:
    """What a body names, by name; of `texts` null is empty."""
    names = body.model_fields_set - set(without)
    values = {name: getattr(body, name) for name in sorted(names)}
    return {name: "" if value is None and name in texts else value for name, value in values.items()}
