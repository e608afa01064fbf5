"""The closed list of tools, and how one is run.

Example::

    run(session, "orders", {"status": "open"}).rows
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from sqlmodel import Session

from ambra_tui.errors import Invalid, NotAllowed, NotFound
from ambra_tui.services.questions.tool import Found, Tool
from ambra_tui.services.questions.tools import (
    catalogue,
    counts,
    lots,
    movements,
    orders,
    planning,
    purchase_orders,
    returns,
    stock,
    transfers,
    waste,
)

_BY_SUBJECT = (
    stock, planning, movements, orders, purchase_orders, transfers, counts, returns, waste, lots, catalogue,
)  # fmt: skip
TOOLS: Mapping[str, Tool[Any]] = {tool.name: tool for subject in _BY_SUBJECT for tool in subject.TOOLS}


_READERS = "may_read"
MayRead = Callable[[str], bool]


def limit_to(session: Session, allowed: MayRead) -> None:
    """From now on the tools of this session read only what `allowed` says, by the names of the API's resources."""
    session.info[_READERS] = allowed


def may_read(session: Session, tool: Tool[Any]) -> bool:
    """Whether whoever asks in this session may read what the tool reads."""
    allowed: MayRead | None = session.info.get(_READERS)
    return allowed is None or allowed(tool.resource)


def run(session: Session, name: str, parameters: Mapping[str, Any]) -> Found:
    """What a tool finds. Raises NotFound for a tool, product, place or document that there is not, NotAllowed for what
    whoever asks may not read, Invalid naming the parameter that is wrong."""
    tool = TOOLS.get(name)
    if tool is None:
        raise NotFound("tool", name)
    if not may_read(session, tool):
        raise NotAllowed(f"Whoever asks may not read {tool.resource}")
    try:
        asked = tool.parameters.model_validate(dict(parameters))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"{field}: {first['msg']}", field=field) from None
    return tool.look_up(session, asked)
