"""The closed list of tools, and how one is run.

Example::

    run(session, "orders", {"status": "open"}).rows
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from sqlmodel import Session

from ambra_tui.errors import Invalid, NotFound
from ambra_tui.services.questions.tool import Found, Tool
from ambra_tui.services.questions.tools import catalogue, documents, lots, planning, stock

TOOLS: Mapping[str, Tool[Any]] = {
    tool.name: tool for module in (stock, planning, documents, lots, catalogue) for tool in module.TOOLS
}


def run(session: Session, name: str, parameters: Mapping[str, Any]) -> Found:
    """What a tool finds. Raises NotFound for a tool, product, place or document that there is not, Invalid naming the
    parameter that is wrong."""
    tool = TOOLS.get(name)
    if tool is None:
        raise NotFound("tool", name)
    try:
        asked = tool.parameters.model_validate(dict(parameters))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"{field}: {first['msg']}", field=field) from None
    return tool.look_up(session, asked)
