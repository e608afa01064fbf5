"""Field types of bodies and queries: strict in JSON (`true` and `"1"` are no numbers), readable from forms.

Example::

    class NewLine(Body):
        quantity: PositiveQuantity
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core.core_schema import CoreSchema, no_info_after_validator_function

from ambra_tui.errors import Invalid
from ambra_tui.kit.clock import parse_moment
from ambra_tui.kit.quantity import MAX_QUANTITY, to_scaled
from ambra_tui.kit.text import clean_line
from ambra_tui.services.catalog import clean_text

MAX_IDENTIFIER = 80
MAX_NOTE = 1000
MAX_PRIORITY = 1_000_000
MAX_PRICE = Decimal(1_000_000_000)
_MOST = int(MAX_QUANTITY)
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CONTROLS = r"\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
ANY_TEXT = rf"^[^{_CONTROLS}]*$"
SOME_TEXT = rf"^[^{_CONTROLS}]*[^{_CONTROLS}\s][^{_CONTROLS}]*$"
"""One line as the document describes it; `kit/text.py` decides."""
_TRUE, _FALSE = frozenset({"1", "true"}), frozenset({"0", "false"})


class Body(BaseModel):
    """A body: unknown names are ignored, so that nobody sets what is not theirs to set."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Change(Body):
    """A body of which what is left out stays as it is: no default of a field is told of it, unless a class below turns
    `merges` off again."""

    merges: ClassVar[bool] = True

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        if cls.merges:
            for field in handler.resolve_ref_schema(schema).get("properties", {}).values():
                field.pop("default", None)
        return schema


Model = TypeVar("Model", bound=BaseModel)


def _from_text(info: ValidationInfo) -> bool:
    return bool(info.context and info.context.get("is_text"))


def _number(value: Any, info: ValidationInfo) -> Decimal:
    if isinstance(value, str) and _from_text(info) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number")
    return Decimal(value)


def _quantity(value: Any, info: ValidationInfo) -> Decimal:
    number = _number(value, info)
    if abs(number) > MAX_QUANTITY:
        raise ValueError("is out of range")
    try:
        to_scaled(number)
    except ValueError:
        raise ValueError("must have at most six decimals") from None
    return number


def _positive(value: Any, info: ValidationInfo) -> Decimal:
    number = _quantity(value, info)
    if number <= 0:
        raise ValueError("must be greater than 0")
    return number


def _nonzero(value: Any, info: ValidationInfo) -> Decimal:
    number = _quantity(value, info)
    if number == 0:
        raise ValueError("must not be 0")
    return number


def _not_negative(value: Any, info: ValidationInfo) -> Decimal:
    number = _quantity(value, info)
    if number < 0:
        raise ValueError("must not be negative")
    return number


def _price(value: Any, info: ValidationInfo) -> Decimal:
    number = _number(value, info)
    if not 0 <= number <= MAX_PRICE:
        raise ValueError("must lie between 0 and 1000000000")
    return number


def _days(value: Any, info: ValidationInfo) -> int:
    number = _number(value, info)
    if number != int(number) or not 0 <= number <= 36_500:
        raise ValueError("must be a whole number of days from 0 to 36500")
    return int(number)


def _flag(value: Any, info: ValidationInfo) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and _from_text(info):
        if value.lower() in _TRUE:
            return True
        if value.lower() in _FALSE:
            return False
    raise ValueError("must be true or false")


def _line(max_length: int, *, required: bool) -> BeforeValidator:
    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("must be text")
        try:
            return clean_line(value, field="the text", max_length=max_length, required=required)
        except Invalid as error:
            raise ValueError(error.message.removeprefix("the text ")) from None

    return BeforeValidator(check)


def _day(value: Any) -> date:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("must be a date such as 2026-03-31")


def _moment(value: Any) -> datetime:
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError("must be a time such as 2026-03-31T08:00:00Z")
    # In a query a plus sign that nobody encoded arrives as a blank.
    return parse_moment(value.strip().replace(" ", "+"))


def _until_moment(value: Any) -> datetime:
    """A bare date includes its whole day."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        return datetime.combine(_day(value), time.max, UTC)
    return _moment(value)


def _long_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    try:
        return clean_text(value, field="the text")
    except Invalid as error:
        raise ValueError(error.message.removeprefix("the text ")) from None


def _priority(value: Any, info: ValidationInfo) -> int:
    number = _number(value, info)
    if number != int(number) or abs(number) > MAX_PRIORITY:
        raise ValueError(f"must be a whole number from -{MAX_PRIORITY} to {MAX_PRIORITY}")
    return int(number)


class OneOf:
    """An annotation: the text is one of `values`, and the OpenAPI document lists them."""

    def __init__(self, values: Iterable[str]) -> None:
        self._values = tuple(str(value) for value in values)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "enum": list(self._values)}

    def _check(self, value: str) -> str:
        if value not in self._values:
            raise ValueError(f"must be one of {', '.join(self._values)}")
        return value


def _rows(value: Any) -> Any:
    """Rails writes nested rows as ``{"0": {...}, "1": {...}}`` too."""
    if isinstance(value, dict) and value and all(isinstance(key, str) and key.isdecimal() for key in value):
        return [value[key] for key in sorted(value, key=int)]
    return value


def _schema(kind: str, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": kind, **more})


Quantity = Annotated[Decimal, BeforeValidator(_quantity), _schema("number", minimum=-_MOST, maximum=_MOST)]
PositiveQuantity = Annotated[Decimal, BeforeValidator(_positive), _schema("number", exclusiveMinimum=0, maximum=_MOST)]
NotNegativeQuantity = Annotated[Decimal, BeforeValidator(_not_negative), _schema("number", minimum=0, maximum=_MOST)]
SignedQuantity = Annotated[Decimal, BeforeValidator(_nonzero), _schema("number", minimum=-_MOST, maximum=_MOST)]
Price = Annotated[Decimal, BeforeValidator(_price), _schema("number", minimum=0, maximum=int(MAX_PRICE))]
Days = Annotated[int, BeforeValidator(_days), _schema("integer", minimum=0, maximum=36_500)]
Flag = Annotated[bool, BeforeValidator(_flag), _schema("boolean")]
Line = Annotated[str, _line(255, required=True), _schema("string", minLength=1, pattern=SOME_TEXT, maxLength=255)]
Blank = Annotated[str, _line(255, required=False), _schema("string", pattern=ANY_TEXT, maxLength=255)]
Unit = Annotated[str, _line(20, required=True), _schema("string", minLength=1, pattern=SOME_TEXT, maxLength=20)]
Note = Annotated[str, _line(MAX_NOTE, required=False), _schema("string", pattern=ANY_TEXT, maxLength=MAX_NOTE)]
Identifier = Annotated[
    str, _line(MAX_IDENTIFIER, required=True), _schema("string", minLength=1, pattern=SOME_TEXT, maxLength=80)
]
Number = Annotated[str, _line(60, required=True), _schema("string", minLength=1, pattern=SOME_TEXT, maxLength=60)]
Reference = Annotated[str, _line(40, required=False), _schema("string", pattern=ANY_TEXT, maxLength=40)]
ReferenceKind = Annotated[str, _line(30, required=False), _schema("string", pattern=ANY_TEXT, maxLength=30)]
Code = Annotated[str, _line(40, required=True), _schema("string", minLength=1, pattern=SOME_TEXT, maxLength=40)]
Day = Annotated[date, BeforeValidator(_day), _schema("string", format="date")]
FromMoment = Annotated[datetime, BeforeValidator(_moment), _schema("string", format="date-time")]
UntilMoment = Annotated[datetime, BeforeValidator(_until_moment), _schema("string", format="date-time")]
LongText = Annotated[str, BeforeValidator(_long_text), _schema("string", maxLength=10_000)]
Priority = Annotated[int, BeforeValidator(_priority), _schema("integer", minimum=-MAX_PRIORITY, maximum=MAX_PRIORITY)]
Rows = BeforeValidator(_rows)


def read_fields(model: type[Model], values: Any, *, is_text: bool) -> Model:
    """A value of `model`. Raises Invalid that lists every bad field with its path, such as ``items.0.quantity``."""
    try:
        return model.model_validate(values, context={"is_text": is_text})
    except ValidationError as error:
        raise invalid_of(error) from None


def invalid_of(error: ValidationError) -> Invalid:
    """The refusal that lists every bad field."""
    fields = [
        {"field": ".".join(str(part) for part in found["loc"]) or "body", "message": _message(found)}
        for found in error.errors(include_url=False, include_input=False)
    ]
    first = fields[0]
    return Invalid(f"{first['field']} {first['message']}", details={"fields": fields})


_MESSAGES = {
    "missing": "is required",
    "too_short": "must not be empty",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "model_type": "must be an object",
    "dict_type": "must be an object",
}


def _message(found: Any) -> str:
    if found["type"] in ("too_long", "string_too_long"):
        most, kind = found["ctx"]["max_length"], found["ctx"].get("field_type", "Value")
        return f"is longer than {most} characters" if kind == "Value" else f"has at most {most} entries"
    return _MESSAGES.get(found["type"]) or str(found["msg"]).removeprefix("Value error, ")
