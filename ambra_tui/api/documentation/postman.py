"""A Postman collection (v2.1) of every operation, made from the editions' OpenAPI documents: a folder for each edition
and tag, example bodies, and two variables to set: where the server is, and the key.

Example::

    collection_of([document_of(edition) for edition in editions])["item"][0]["name"]
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ambra_tui.api.documentation.examples import BASE_URL
from ambra_tui.api.documentation.operations import Described, operations_of

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_ABOUT = (
    "Every operation of every edition. Set `base_url` to your server and `api_key` to a key "
    "(`ambra key create --name Postman --scopes admin`; a `--sandbox` key to try things out)."
)


def collection_of(documents: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The collection."""
    return {
        "info": {"name": "AmbraWMS", "description": _ABOUT, "schema": SCHEMA},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{api_key}}", "type": "string"}]},
        "variable": [
            {"key": "base_url", "value": BASE_URL, "type": "string"},
            {"key": "api_key", "value": "", "type": "string"},
        ],
        "item": [_edition(document) for document in documents],
    }


def _edition(document: Mapping[str, Any]) -> dict[str, Any]:
    operations = list(operations_of(document))
    folders = [
        {
            "name": tag["name"],
            "description": tag["description"],
            "item": [_request(one) for one in operations if one.tag == tag["name"]],
        }
        for tag in document.get("tags", ())
    ]
    return {"name": document["info"]["title"], "description": document["info"]["description"], "item": folders}


def _request(operation: Described) -> dict[str, Any]:
    headers = []
    if operation.request.is_repeatable:
        headers.append({"key": "Idempotency-Key", "value": "{{$guid}}", "description": "New for each intended change"})
    request: dict[str, Any] = {
        "method": operation.method,
        "header": headers,
        "url": _url(operation),
        "description": f"Scope: `{operation.scope}`",
    }
    if operation.body is not None:
        headers.append({"key": "Content-Type", "value": "application/json"})
        raw = json.dumps(operation.body, indent=2, ensure_ascii=False)
        request["body"] = {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    return {"name": operation.summary, "request": request, "response": []}


def _url(operation: Described) -> dict[str, Any]:
    segments = operation.path.strip("/").split("/")
    values = operation.request.path.strip("/").split("/")
    path = [f":{segment[1:-1]}" if segment.startswith("{") else segment for segment in segments]
    query = [
        {"key": field.name, "value": field.default.strip('"'), "description": field.limits, "disabled": True}
        for field in operation.query
    ]
    variables = [
        {"key": name[1:], "value": value} for name, value in zip(path, values, strict=True) if name.startswith(":")
    ]
    url: dict[str, Any] = {"raw": "{{base_url}}/" + "/".join(path), "host": ["{{base_url}}"], "path": path}
    if query:
        url["query"] = query
    if variables:
        url["variable"] = variables
    return url
