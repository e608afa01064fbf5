"""The call of the Python client that sends a request, where the client has one: it is asked, not guessed.

Example::

    call_of(Request("GET", "/v1/products/prod_1", template="/v1/products/{id}"))    # 'client.products.get("prod_1")'
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from ambra_tui.api.documentation.requests import Request, literal
from ambra_tui.sdk.client import Resources
from ambra_tui.sdk.request import Request as Sent

BASE_PATH = "/v1"
_OF_ALL = {"GET": "list", "POST": "create"}
_OF_ONE = {"GET": "get", "PUT": "replace", "PATCH": "update", "DELETE": "delete"}
_OTHERWISE = {"batch": "create_batch", "create": "create"}


class _Recorder:
    """A door that sends nothing and gives back what it was to send."""

    def one(self, request: Sent) -> Sent:
        return request

    many = nothing = one


@cache
def _resources() -> Resources[Sent, Sent, Sent]:
    return Resources(_Recorder())


def call_of(request: Request) -> str:
    """The call as a program writes it; empty when the client has none."""
    template = request.template
    if not template.startswith(f"{BASE_PATH}/"):
        return ""
    names = template.removeprefix(f"{BASE_PATH}/").split("/")
    values = request.path.removeprefix(f"{BASE_PATH}/").split("/")
    keys = [value for name, value in zip(names, values, strict=True) if name.startswith("{")]
    fixed = [name for name in names[1:] if not name.startswith("{")]
    action = fixed[-1] if fixed else (_OF_ONE if keys else _OF_ALL).get(request.method, "")
    method = getattr(getattr(_resources(), names[0], None), _OTHERWISE.get(action, action), None)
    if method is None:
        return ""
    given = _given(action, request.body)
    try:
        sent = method(*keys, *given[0], **given[1])
    except TypeError:
        return ""
    if not _is_same(sent, request):
        return ""
    shown = [json.dumps(key) for key in keys] + [literal(value) for value in given[0]]
    shown += [f"{name}={literal(value, 4)}" for name, value in given[1].items()]
    call = f"client.{names[0]}.{_OTHERWISE.get(action, action)}"
    short = f"{call}({', '.join(shown)})"
    if "\n" not in short and len(short) <= 72:
        return short
    if len(shown) == 1 and given[0]:
        return short
    lines = "".join(f"    {part},\n" for part in shown)
    return f"{call}(\n{lines})"


def is_list_call(call: str) -> bool:
    """True when a program goes through what the call answers, page after page."""
    return call.endswith((".list()", ".deliveries()"))


def _given(action: str, body: Any) -> tuple[list[Any], dict[str, Any]]:
    """Positional and named arguments: a batch is a list, other bodies are fields by name."""
    if action == "batch" and isinstance(body, Mapping):
        return [next(iter(body.values()))], {}
    return [], dict(body or {})


def _is_same(sent: Any, request: Request) -> bool:
    content = getattr(sent, "content", None)
    body = json.loads(content) if content else None
    is_same_body = body == request.body or (not body and not request.body)
    return isinstance(sent, Sent) and sent.method == request.method and is_same_body and _path(sent) == request.path


def _path(sent: Sent) -> str:
    return f"{BASE_PATH}/{sent.path.strip('/')}"
