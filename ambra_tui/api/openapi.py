"""The OpenAPI 3.1 document of one edition, from its operations.

Example::

    document_of(edition)["paths"]["/api/v1/orders"]["post"]["operationId"]   # 'createOrder'
"""

from __future__ import annotations

import json
import re
from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode
from starlette.requests import Request
from starlette.responses import Response

from ambra_tui.api.edition import Edition, Nothing, Operation
from ambra_tui.api.failures import Failure, plain_body

_PATH_NAME = re.compile(r"{([a-z_]+)(?::path)?}")
_REF = "#/components/schemas/{model}"
_ERROR = {"$ref": "#/components/schemas/Error"}
_REFUSALS = {401: "No API key, or a wrong one", 403: "The key lacks the scope"}
_WRITE_REFUSALS = {
    400: "The body is not JSON, or a header is malformed",
    409: "A request with this Idempotency-Key is in flight",
    413: "The body is larger than 1 MiB",
    415: "The body is of another kind",
}
_OF_EVERYTHING = {
    429: "The key has had its requests of this hour: Retry-After tells how many seconds to wait",
    500: "Our fault; nothing was saved",
    503: "The store cannot answer now; nothing was saved",
}


def router_of(edition: Edition) -> APIRouter:
    """The operations of an edition as the framework describes them."""
    router = APIRouter(redirect_slashes=False)
    for operation in edition.operations:
        router.add_api_route(
            edition.base_path + operation.path,
            _described,
            methods=[operation.method],
            operation_id=operation.operation_id,
            summary=operation.summary,
            tags=[operation.tag],
            status_code=operation.status,
            response_model=None,
        )
    return router


async def _described(_request: Request) -> Response:
    raise NotImplementedError("described here, answered by dispatch.py")


def document_of(edition: Edition) -> dict[str, Any]:
    """The document: paths and operation ids from the framework, shapes from the operations."""
    router = router_of(edition)
    document = get_openapi(
        title=edition.title, version=edition.version, description=edition.description, routes=router.routes,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"}, servers=[{"url": "/"}],
        tags=_tags(edition),
    )  # fmt: skip
    shapes = _Shapes(edition)
    for operation in edition.operations:
        entry = document["paths"][template(edition, operation)][operation.method.lower()]
        entry.update(_describe(edition, operation, shapes))
    document["security"] = [{"bearer": []}]
    document["components"] = {
        "schemas": shapes.used(document["paths"]),
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer", "description": "An API key: `ambra key create`"},
            "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            "oauth2": _oauth(edition),
        },
    }
    return document


def _tags(edition: Edition) -> list[dict[str, str]]:
    tags = dict.fromkeys(operation.tag for operation in edition.operations)
    return [{"name": tag, "description": edition.about.get(tag, tag)} for tag in tags]


def _oauth(edition: Edition) -> dict[str, Any]:
    """The flows by which programs get tokens of their own, with the scopes that this edition asks for."""
    scopes = {scope: _told_scope(scope) for scope in sorted({each.scope for each in edition.operations})}
    at = {"tokenUrl": "/oauth/token", "refreshUrl": "/oauth/token", "scopes": scopes}
    return {
        "type": "oauth2",
        "description": "A token that a person let a program have, or that a program has for itself: /docs/oauth",
        "flows": {
            "authorizationCode": {"authorizationUrl": "/oauth/authorize", **at},
            "clientCredentials": {"tokenUrl": "/oauth/token", "scopes": scopes},
        },
    }


def _told_scope(scope: str) -> str:
    resource, _, verb = scope.rpartition(":")
    if not resource:
        return "Everything: keys, webhooks and people too"
    what = resource.replace("_", " ")
    return {"read": f"See {what}", "write": f"Change {what}, and see them", "delete": f"Delete {what}"}[verb]


def template(edition: Edition, operation: Operation) -> str:
    """The path as OpenAPI writes it."""
    return edition.base_path + _PATH_NAME.sub(r"{\1}", operation.path)


_MARK = object()


class _Shapes:
    """Schemas of every body and answer, named once."""

    def __init__(self, edition: Edition) -> None:
        self._edition = edition
        inputs: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = []
        for operation in edition.operations:
            inputs.append((f"{operation.operation_id}:answer", "serialization", TypeAdapter(operation.shape)))
            inputs.append((f"{operation.operation_id}:fields", "validation", TypeAdapter(operation.fields)))
            inputs.append((f"{operation.operation_id}:options", "validation", TypeAdapter(operation.options)))
        inputs.append(("meta", "serialization", TypeAdapter(edition.list_meta)))
        schemas, definitions = TypeAdapter.json_schemas(inputs, ref_template=_REF)
        self._schemas = {key: schema for (key, _), schema in schemas.items()}
        self.definitions: dict[str, Any] = {**definitions.get("$defs", {}), "Error": _error_schema(edition)}

    def answer(self, operation: Operation) -> Any:
        """The schema of what an operation answers."""
        schema = self._schemas[f"{operation.operation_id}:answer"]
        if operation.is_list:
            body, place = self._edition.list_body(_MARK, 1, 1, 0), {"type": "array", "items": schema}
        else:
            body, place = _MARK if operation.is_whole else self._edition.single_body(_MARK), schema
        return place if body is _MARK else self._envelope(body, place)

    def _envelope(self, body: Any, place: Any) -> dict[str, Any]:
        """The schema of what an edition puts around an answer, read off its rendering of one."""
        properties = {}
        for name, value in body.items():
            properties[name] = place if value is _MARK else _schema_like(value)
            if isinstance(value, dict):
                properties[name] = self._schemas["meta"]
        return {"type": "object", "required": list(properties), "properties": properties}

    def fields(self, operation: Operation) -> Any:
        """The schema of a body or of the query."""
        return self._schemas[f"{operation.operation_id}:fields"]

    def rows(self, operation: Operation) -> Any:
        """The schema of a body that is a list."""
        whole = self.fields(operation)
        whole = self.definitions[whole["$ref"].rpartition("/")[2]] if "$ref" in whole else whole
        return whole["properties"][operation.rows]

    def used(self, paths: Any) -> dict[str, Any]:
        """The definitions that `paths` refer to, directly or through others; what bodies are made of comes without
        defaults, which client generators take for fields that must be there."""
        reached = self._reached(_references(paths))
        asked = [
            operation["requestBody"] for methods in paths.values() for operation in methods.values()
            if "requestBody" in operation
        ]  # fmt: skip
        bodies = self._reached(_references(asked))
        return {
            name: _without_defaults(schema) if name in bodies else schema
            for name, schema in self.definitions.items()
            if name in reached
        }

    def _reached(self, waiting: set[str]) -> set[str]:
        reached: set[str] = set()
        while waiting:
            name = waiting.pop()
            reached.add(name)
            waiting |= _references(self.definitions[name]) - reached
        return reached

    def query(self, operation: Operation) -> list[dict[str, Any]]:
        """The query parameters."""
        part = "fields" if operation.method == "GET" else "options"
        schema = self._schemas[f"{operation.operation_id}:{part}"]
        schema = self.definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        return [
            {"name": name, "in": "query", "required": False, "schema": _without_null(property_schema)}
            for name, property_schema in schema.get("properties", {}).items()
        ]


def _describe(edition: Edition, operation: Operation, shapes: _Shapes) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PATH_NAME.findall(operation.path)
    ]
    described: dict[str, Any] = {
        "security": [{"bearer": []}, {"header": []}, {"oauth2": [operation.scope]}],
        "x-scope": operation.scope,
        "responses": _responses(edition, operation, shapes),
    }
    if operation.deprecation is not None:
        described["deprecated"] = True
    parameters += shapes.query(operation)
    if operation.method == "GET":
        if operation.is_single:
            parameters.append(_header("If-None-Match", "An ETag: 304 when the object is still the same"))
    else:
        if not (operation.is_question or operation.is_apart):
            parameters.append(
                _header("Idempotency-Key", "Makes a repeat harmless: the first answer is given again", 255)
            )
        if operation.current:
            parameters.append(_header("If-Match", "An ETag: 412 when the object changed since"))
        described["requestBody"] = _request_body(edition, operation, shapes)
    described["parameters"] = parameters
    return described


def _request_body(edition: Edition, operation: Operation, shapes: _Shapes) -> dict[str, Any]:
    schema: Any = shapes.fields(operation)
    if operation.rows:
        schema = {"anyOf": [schema, shapes.rows(operation)]}
    if operation.wrapper:
        wrapped = {"type": "object", "required": [operation.wrapper], "properties": {operation.wrapper: schema}}
        schema = {"anyOf": [wrapped, schema]}
    example = {"example": dict(operation.example)} if operation.example is not None else {}
    kinds = ("application/json", *(("application/x-www-form-urlencoded",) if edition.takes_forms else ()))
    content = {kind: {"schema": schema, **(example if kind == "application/json" else {})} for kind in kinds}
    if operation.takes_files:
        content |= _file_kinds(schema)
    return {"required": operation.fields is not Nothing and bool(_required(operation.fields)), "content": content}


def _file_kinds(schema: Any) -> dict[str, Any]:
    """A body may be the picture itself, or a form with it."""
    binary = {"type": "string", "contentMediaType": "application/octet-stream"}
    form = {"type": "object", "required": ["image"], "properties": {"image": binary, "alt": {"type": "string"}}}
    return {"image/*": {"schema": binary}, "multipart/form-data": {"schema": form}}


def _required(fields: type[BaseModel]) -> list[str]:
    return [name for name, field in fields.model_fields.items() if field.is_required()]


def _tells_of_one(operation: Operation) -> bool:
    """A read of one object, such as a report, that its query names something for."""
    return operation.is_single and any(name.endswith("_id") for name in operation.fields.model_fields)


def _responses(edition: Edition, operation: Operation, shapes: _Shapes) -> dict[str, Any]:
    is_read = operation.method == "GET"
    wrong = {edition.bad_query[0] if is_read else 422: "A value is wrong"}
    refusals = {**_REFUSALS, **wrong, **({} if is_read else _WRITE_REFUSALS), **_OF_EVERYTHING}
    if "{" in operation.path or not is_read or _tells_of_one(operation):
        refusals[404] = "No such object here"
    if operation.current:
        refusals[412] = "The object changed since you read it"
    good: dict[str, Any] = {"description": operation.summary, "headers": _answer_headers(operation)}
    if not operation.is_empty:
        good["content"] = {"application/json": {"schema": shapes.answer(operation)}}
    if operation.is_table:
        good["content"]["text/csv"] = {"schema": {"type": "string"}}
        refusals[422] = "Values that do not go together"
    refusals = {edition.adapt(Failure(status, "", "")).status: text for status, text in reversed(refusals.items())}
    named = {str(operation.status): good}
    if is_read and operation.is_single:
        named["304"] = {"description": "The same as the ETag in If-None-Match"}
    for status, text in sorted(refusals.items()):
        named[str(status)] = {"description": text, "content": {"application/json": {"schema": _ERROR}}}
    return named


def _answer_headers(operation: Operation) -> dict[str, Any]:
    names = {
        "X-Request-Id": "string",
        "API-Version": "string",
        "X-RateLimit-Limit": "integer",
        "X-RateLimit-Remaining": "integer",
        "X-RateLimit-Reset": "integer",
    }
    if operation.is_list:
        names |= {"X-Total-Count": "integer", "Link": "string"}
    elif not operation.is_empty and (operation.method == "GET" or operation.status == 201 or operation.current):
        names["ETag"] = "string"
    if operation.status == 201:
        names["Location"] = "string"
    return {name: {"schema": {"type": kind}} for name, kind in names.items()}


def _references(value: Any) -> set[str]:
    """Names of the definitions that are referred to inside `value`."""
    if isinstance(value, dict):
        own = {value["$ref"].rpartition("/")[2]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(_references(inner) for inner in value.values()))
    return set().union(*(_references(inner) for inner in value)) if isinstance(value, list) else set()


def _without_defaults(schema: dict[str, Any]) -> dict[str, Any]:
    """A default is told in words instead, where there is one to tell."""
    properties = {name: _told_default(inner) for name, inner in schema.get("properties", {}).items()}
    return {**schema, "properties": properties} if properties else schema


def _told_default(schema: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in schema.items() if key != "default"}
    default = schema.get("default")
    if default in (None, "", [], {}):
        return kept
    told = f"Without it: {json.dumps(default)}."
    return {**kept, "description": f"{kept['description']} {told}" if "description" in kept else told}


def _header(name: str, description: str, max_length: int | None = None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if max_length:
        schema |= {"minLength": 1, "maxLength": max_length}
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    kinds = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
    kept = {key: value for key, value in schema.items() if key not in {"anyOf", "title"} and value is not None}
    return {**kinds[0], **kept} if len(kinds) == 1 else kept


def _error_schema(edition: Edition) -> dict[str, Any]:
    """The envelope as a schema, read off the edition's own rendering of an example."""
    if edition.error_schema is not None:
        return dict(edition.error_schema)
    shape = edition.error_body(Failure(422, "CODE", "A sentence", ({"field": "name", "message": "why"},)), "req_1")
    return _schema_like(shape) if shape else _schema_like(plain_body(Failure(422, "CODE", "A sentence"), "req_1"))


def _schema_like(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        if set(value) == {"field", "message"}:
            return {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            }
        return {
            "type": "object",
            "required": list(value),
            "properties": {name: _schema_like(inner) for name, inner in value.items()},
        }
    if isinstance(value, list):
        return {"type": "array", "items": _schema_like(value[0]) if value else {}}
    return {"type": "boolean" if isinstance(value, bool) else "string"}
