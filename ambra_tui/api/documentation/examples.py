"""One operation as a curl line and as a few lines of Python, with the same path and body.

Example::

    print(curl_of(Request("GET", "/api/v1/orders")))
"""

from __future__ import annotations

import json

from ambra_tui.api.documentation.calls import call_of, is_list_call
from ambra_tui.api.documentation.requests import Request, literal

BASE_URL = "http://127.0.0.1:8080"
_INDENT = 4


def curl_of(request: Request) -> str:
    """The request as a line for a shell."""
    method = "" if request.method == "GET" else f"-X {request.method} "
    lines = [f"curl {method}{BASE_URL}{request.path}", '-H "Authorization: Bearer $AMBRA_API_KEY"']
    if request.is_repeatable:
        lines.append('-H "Idempotency-Key: $(uuidgen)"')
    if request.body is not None:
        text = json.dumps(request.body, indent=2, ensure_ascii=False).replace("'", r"'\''")
        lines += ['-H "Content-Type: application/json"', f"-d '{text}'"]
    return " \\\n  ".join(lines)


def python_of(request: Request) -> str:
    """The request as a program: with the client library where that has the call, else with httpx."""
    call = call_of(request)
    return _with_client(request, call) if call else _with_httpx(request)


def _with_client(request: Request, call: str) -> str:
    lines = [
        "from ambrawms import AmbraWMS",
        "",
        "# the key is read from AMBRA_API_KEY",
        f'client = AmbraWMS(base_url="{BASE_URL}")',
    ]
    if request.method == "DELETE":
        return "\n".join([*lines, call])
    if is_list_call(call):
        return "\n".join([*lines, f"for one in {call}:", "    print(one)"])
    return "\n".join([*lines, f"answer = {call}", "print(answer)"])


def _with_httpx(request: Request) -> str:
    imports = ["import os"] + (["from uuid import uuid4"] if request.is_repeatable else [])
    called = [f'    "{request.path}",']
    if request.is_repeatable:
        called.append('    headers={"Idempotency-Key": str(uuid4())},')
    if request.body is not None:
        called.append(f"    json={literal(request.body, _INDENT)},")
    inside = "\n".join(called)
    call = f"(\n{inside}\n)" if len(called) > 1 else f"({called[0].strip().rstrip(',')})"
    lines = [
        *imports,
        "",
        "import httpx",
        "",
        'key = os.environ["AMBRA_API_KEY"]',
        "client = httpx.Client(",
        f'    base_url="{BASE_URL}",',
        '    headers={"Authorization": f"Bearer {key}"},',
        ")",
        f"answer = client.{request.method.lower()}{call}",
        "answer.raise_for_status()",
    ]
    return "\n".join(lines if request.method == "DELETE" else [*lines, "print(answer.json())"])
