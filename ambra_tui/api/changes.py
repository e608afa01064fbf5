"""What changed between two OpenAPI documents, in sentences for a changelog; what breaks programs comes first.

Example::

    changes_between(old, new)
    # [Change(True, 'GET /v2/things is gone'), Change(False, 'POST /v2/orders takes channel')]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

METHODS = ("get", "post", "put", "patch", "delete")
MAX_DEPTH = 6
Document = Mapping[str, Any]
Fields = dict[str, bool]


class Change(NamedTuple):
    """One difference. `is_breaking`: a program that was right before may not be any more."""

    is_breaking: bool
    text: str


def changes_between(old: Document, new: Document) -> list[Change]:
    """Every difference that a program can notice, those that break something first."""
    before, after = dict(_operations(old)), dict(_operations(new))
    found = [Change(True, f"{name} is gone") for name in before if name not in after]
    found += [Change(False, f"{name} is new") for name in after if name not in before]
    for name in before:
        if name in after:
            found += _differences(name, (old, before[name]), (new, after[name]))
    return sorted(found, key=lambda change: not change.is_breaking)


def _operations(document: Document) -> Iterator[tuple[str, Any]]:
    for path, methods in document.get("paths", {}).items():
        for method in METHODS:
            if method in methods:
                yield f"{method.upper()} {path}", methods[method]


def _differences(name: str, old: tuple[Document, Any], new: tuple[Document, Any]) -> Iterator[Change]:
    before, after = old[1], new[1]
    if after.get("deprecated") and not before.get("deprecated"):
        yield Change(False, f"{name} goes away: it is deprecated")
    scopes = before.get("x-scope"), after.get("x-scope")
    if scopes[0] != scopes[1]:
        yield Change(True, f"{name} needs {scopes[1]} instead of {scopes[0]}")
    yield from _of_what_is_sent(name, _parameters(before), _parameters(after))
    yield from _of_what_is_sent(name, _body(*old), _body(*new))
    had, has = _answer(*old), _answer(*new)
    yield from (Change(True, f"{name} answers {field} no more") for field in had if field not in has)
    yield from (Change(False, f"{name} answers {field}") for field in has if field not in had)
    statuses = set(after["responses"]) - set(before["responses"])
    yield from (Change(False, f"{name} may answer {status}") for status in sorted(statuses))


def _of_what_is_sent(name: str, before: Fields, after: Fields) -> Iterator[Change]:
    yield from (Change(True, f"{name} takes {field} no more") for field in before if field not in after)
    for field, is_required in after.items():
        if field not in before:
            yield Change(is_required, f"{name} {'needs' if is_required else 'takes'} {field}")
        elif is_required and not before[field]:
            yield Change(True, f"{name} needs {field} now")


def _parameters(operation: Any) -> Fields:
    return {each["name"]: bool(each.get("required")) for each in operation.get("parameters", ())}


def _body(document: Document, operation: Any) -> Fields:
    return _fields(document, _schema_in(operation.get("requestBody", {})))


def _answer(document: Document, operation: Any) -> Fields:
    good: Any = next((told for status, told in sorted(operation["responses"].items()) if status.startswith("2")), {})
    return _fields(document, _schema_in(good))


def _schema_in(told: Any) -> Any:
    return told.get("content", {}).get("application/json", {}).get("schema", {})


def _fields(document: Document, schema: Any, place: str = "", depth: int = 0) -> Fields:
    """The fields of a schema, inner ones as ``items[].sku``, and whether each is required."""
    if depth > MAX_DEPTH or not isinstance(schema, dict):
        return {}
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _fields(document, document["components"]["schemas"].get(name, {}), place, depth + 1)
    found: Fields = {}
    for part in (*schema.get("anyOf", ()), *schema.get("allOf", ()), *schema.get("oneOf", ())):
        found |= _fields(document, part, place, depth + 1)
    if "items" in schema:
        found |= _fields(document, schema["items"], f"{place}[]", depth + 1)
    required = schema.get("required", ())
    for name, inner in schema.get("properties", {}).items():
        inside = f"{place}.{name}" if place else name
        found[inside] = name in required
        found |= _fields(document, inner, inside, depth + 1)
    return found
