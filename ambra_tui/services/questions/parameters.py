"""From what a question holds to the parameters of a tool; only what was said becomes one.

Example::

    parameters_for(TOOLS["fast_movers"], reading)
    # {'limit': 10, 'period': 'last_week', 'from': '2026-03-09', 'to': '2026-03-15'}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic.fields import FieldInfo

from ambra_tui.services.questions.numbers import bucket_over
from ambra_tui.services.questions.periods import Period, last_days
from ambra_tui.services.questions.reading import Reading
from ambra_tui.services.questions.tool import Tool

_HORIZONS = {
    "tomorrow": 1, "today": 1, "next_week": 7, "next_month": 30, "next_quarter": 90, "next_year": 365, "this_week": 7,
    "this_month": 30, "this_quarter": 90,
}  # fmt: skip


def parameters_for(tool: Tool[Any], reading: Reading) -> dict[str, Any]:
    """The parameters of `tool` that the question says, as JSON values."""
    fields = tool.parameters.model_fields
    found: dict[str, Any] = {}
    for name in fields:
        value = _READERS[name](tool, reading) if name in _READERS else None
        if value not in (None, ""):
            found[name] = _at_most(fields[name], value)
    if "period" in fields:
        found |= _period_of(tool, reading)
    return found


def _at_most(field: FieldInfo, value: Any) -> Any:
    """Who asks for the next 1,000 days is told of as many as there are."""
    most = next((bound.le for bound in field.metadata if hasattr(bound, "le")), None)
    return value if most is None or not isinstance(value, int) else min(value, most)


def _code(kind: str) -> Callable[[Tool[Any], Reading], str]:
    def read(_tool: Tool[Any], reading: Reading) -> str:
        code = reading.code(kind)
        return code.value if code else ""

    return read


def _place(role: str) -> Callable[[Tool[Any], Reading], str]:
    def read(tool: Tool[Any], reading: Reading) -> str:
        if "to_location" in tool.parameters.model_fields:
            return reading.locations.get(role, "")
        return next(iter(reading.locations.values()), "") if role == "location" else ""

    return read


def _status(tool: Tool[Any], reading: Reading) -> str:
    if tool.name == "purchase_orders" and "late" in reading.marks:
        return ""
    if tool.name in ("orders", "purchase_orders") and "missing" in reading.marks and not reading.statuses:
        return "open"
    said = [status for status in tool.parameters.statuses if status in reading.statuses]
    specific = [status for status in said if status != "open"]
    return next(iter(specific or said), "")


def _type(_tool: Tool[Any], reading: Reading) -> str:
    comes = bool(reading.marks & {"incoming", "delivery"})
    goes = bool(reading.marks & {"outgoing", "sold"})
    if "adjusted" in reading.marks:
        return "adjustment"
    if comes == goes:
        return ""
    return "in" if comes else "out"


def _days(tool: Tool[Any], reading: Reading) -> int | None:
    if tool.name == "inventory_aging":
        return reading.when.days if reading.when.days is not None and not _bucket(tool, reading) else None
    if reading.when.days is not None:
        return reading.when.days
    period = reading.when.period
    if tool.name == "forecast" and period is not None:
        return (
            _HORIZONS.get(period.name) or (period.end - reading.today).days + 1
            if period.end > reading.today
            else _HORIZONS.get(period.name)
        )
    return None


def _bucket(_tool: Tool[Any], reading: Reading) -> str:
    if reading.numbers.bucket:
        return reading.numbers.bucket
    days = reading.when.days
    if days is None and reading.numbers.threshold is None:
        return ""
    if days is not None and reading.when.is_under:
        return "0-30" if days in (30, 31) else ""
    return bucket_over(days) if days is not None else ""


def _reason(tool: Tool[Any], reading: Reading) -> str:
    return reading.reason if tool.name == "waste" else ""


def _direction(_tool: Tool[Any], reading: Reading) -> str:
    """Whom a lot reached is asked forward, also where no word says so."""
    return reading.direction or ("forward" if reading.marks & {"customer", "order", "outgoing"} else "")


def _group(tool: Tool[Any], reading: Reading) -> str:
    allowed = str(tool.parameters.model_fields["group"].annotation)
    return reading.group if reading.group and f"'{reading.group}'" in allowed else ""


def _text(_tool: Tool[Any], reading: Reading) -> str:
    if reading.sku:
        return ""
    return " ".join(reading.texts[place] for place in sorted({*reading.product_places, *reading.unknown}))


_READERS: Mapping[str, Callable[[Tool[Any], Reading], Any]] = {
    "sku": lambda _tool, reading: reading.sku,
    "location": _place("location"),
    "to_location": _place("to_location"),
    "from_location": _place("from_location"),
    "supplier": lambda _tool, reading: reading.supplier,
    "lot": _code("lot"),
    "order": _code("order"),
    "po": _code("po"),
    "transfer": _code("transfer"),
    "count": _code("count"),
    "rma": _code("return"),
    "batch": _code("batch"),
    "status": _status,
    "overdue": lambda _tool, reading: True if "late" in reading.marks else None,
    "threshold": lambda _tool, reading: reading.numbers.threshold,
    "limit": lambda _tool, reading: reading.numbers.limit,
    "days": _days,
    "age_bucket": _bucket,
    "type": _type,
    "direction": _direction,
    "group": _group,
    "reason": _reason,
    "text": _text,
}


def _period_of(tool: Tool[Any], reading: Reading) -> dict[str, str]:
    period = reading.when.period
    if period is None and reading.when.days is not None and "days" not in tool.parameters.model_fields:
        period = last_days(reading.when.days, reading.today)
    if period is None:
        return {}
    if _looks_ahead(tool, reading, period):
        period = period.ahead(reading.today)
    named = {"period": period.name} if period.name else {}
    return {**named, "from": period.start.isoformat(), "to": period.end.isoformat()}


def _looks_ahead(tool: Tool[Any], reading: Reading, period: Period) -> bool:
    if tool.name == "expiring_lots":
        return "expired" not in reading.statuses
    is_expected = bool(reading.marks & {"expected", "delivery", "incoming"})
    return tool.name == "purchase_orders" and is_expected and period.name.startswith("this_")
