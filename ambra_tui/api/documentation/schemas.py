"""Schemas of an OpenAPI document as rows of a table, and as a value that shows what one looks like.

Example::

    fields_of(schema, document["components"]["schemas"])    # [Field(name='items[].sku', kind='string', ...), ...]
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ambra_tui.api.documentation.samples import sample_number, sample_text
from ambra_tui.api.fields import ANY_TEXT, SOME_TEXT

MAX_DEPTH = 6
Schema = Mapping[str, Any]
_LINES = {SOME_TEXT: "not blank", ANY_TEXT: "one line"}
_SORT = re.compile(r"\^-\?\(([a-z_|]+)\)\(,")
_FORMATS = {"date": "date", "date-time": "date-time", "email": "e-mail address", "uri": "URL"}
_LARGEST_TOLD = 10**9
_SHORT_PATTERN = 40


@dataclass(frozen=True, slots=True)
class Field:
    """One key, with the keys it lies in before it: ``items[].sku``."""

    name: str
    kind: str
    is_required: bool
    default: str
    limits: str
    description: str


class Shapes:
    """What the references of a document stand for."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._schemas = schemas

    def resolved(self, schema: Schema) -> Schema:
        """The schema itself, where `schema` refers to another or allows null beside one."""
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].rpartition("/")[2]]
        kinds = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
        if len(kinds) == 1:
            beside = {key: value for key, value in schema.items() if key != "anyOf"}
            return {**self.resolved(kinds[0]), **beside}
        return schema

    def fields(self, schema: Schema, before: str = "", depth: int = 0) -> Iterator[Field]:
        """Every key of an object, the keys inside it included."""
        schema = self.resolved(schema)
        if schema.get("type") == "array":
            yield from self.fields(schema.get("items", {}), f"{before}[]", depth)
            return
        needed = schema.get("required", ())
        for name, inner in schema.get("properties", {}).items():
            whole = f"{before}.{name}" if before else name
            yield self._field(whole, inner, is_required=name in needed)
            if depth < MAX_DEPTH:
                yield from self._inside(inner, whole, depth + 1)

    def _inside(self, schema: Schema, whole: str, depth: int) -> Iterator[Field]:
        found = self.resolved(schema)
        if found.get("type") == "array":
            found, whole = self.resolved(found.get("items", {})), f"{whole}[]"
        if "properties" in found:
            yield from self.fields(found, whole, depth)

    def field(self, name: str, schema: Schema, *, is_required: bool, description: str = "") -> Field:
        """One row, for a parameter too."""
        found = self._field(name, schema, is_required=is_required)
        return Field(found.name, found.kind, is_required, found.default, found.limits, description or found.description)

    def _field(self, name: str, schema: Schema, *, is_required: bool) -> Field:
        found = self.resolved(schema)
        default = schema.get("default", found.get("default"))
        told = "" if default is None else json.dumps(default, ensure_ascii=False)
        own = "" if "properties" in found else found.get("description", "")
        return Field(name, self.kind(schema), is_required, told, self.limits(found), own)

    def kind(self, schema: Schema) -> str:
        """The type in words: ``array of objects``, ``string or null``."""
        if "$ref" in schema:
            return self.kind(self.resolved(schema))
        if "anyOf" in schema:
            kinds = dict.fromkeys(self.kind(kind) for kind in schema["anyOf"])
            return " or ".join(kind for kind in kinds if kind != "integer" or "number" not in kinds)
        if "const" in schema:
            return "constant"
        kind = schema.get("type")
        if isinstance(kind, list):
            return " or ".join(kind)
        if kind == "array":
            return f"array of {_several(self.kind(schema.get('items', {})))}"
        return _FORMATS.get(schema.get("format", ""), kind or "any")

    def limits(self, schema: Schema) -> str:
        """What a value may be, in words."""
        return "; ".join(part for part in self._limits(schema) if part)

    def _limits(self, schema: Schema) -> Iterator[str]:
        if "const" in schema:
            yield json.dumps(schema["const"])
        if "enum" in schema:
            yield "one of " + ", ".join(str(value) for value in schema["enum"])
        yield _range(schema)
        yield _span(schema, "Length", "characters")
        yield _span(schema, "Items", "entries")
        yield _form(schema.get("pattern", ""))
        for kind in schema.get("anyOf", ()):
            yield self.limits(kind)
        items = self.resolved(schema["items"]) if "items" in schema else {}
        if "enum" in items:
            yield f"each {self.limits(items)}"

    def sample(self, schema: Schema, name: str = "", depth: int = 0) -> Any:
        """A value of this schema, with the words of the trade."""
        title = schema.get("$ref", "").rpartition("/")[2]
        found = self.resolved(schema)
        title = title or found.get("title", "")
        if "const" in found:
            return found["const"]
        if "enum" in found:
            return found["enum"][0]
        kind = next((one for one in found.get("anyOf", ()) if one.get("type") != "null"), found)
        return self._of_kind(self.resolved(kind), name, title, depth)

    def _of_kind(self, schema: Schema, name: str, title: str, depth: int) -> Any:
        kind = schema.get("type")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "array":
            return [self.sample(schema.get("items", {}), name, depth)] if depth < MAX_DEPTH else []
        if "properties" in schema and depth < MAX_DEPTH:
            title = schema.get("title", title)
            return {key: self._member(inner, key, title, depth) for key, inner in schema["properties"].items()}
        if kind in ("integer", "number"):
            return sample_number(name, schema)
        if kind == "boolean":
            return bool(schema.get("default", name.startswith(("is_", "success", "has_next"))))
        if kind == "string" or kind is None:
            return sample_text(name, title, schema)
        return {}

    def _member(self, schema: Schema, key: str, title: str, depth: int) -> Any:
        found = self.resolved(schema)
        is_text = found.get("type", "string") == "string" and "enum" not in found and "const" not in found
        return (
            sample_text(key, title, found) if is_text and "anyOf" not in found else self.sample(schema, key, depth + 1)
        )


def _several(kind: str) -> str:
    return f"{kind}s" if kind in ("object", "string", "integer", "number", "boolean", "array") else kind


def _form(pattern: str) -> str:
    """What a pattern asks for, where that can be said in a few words."""
    sorts = _SORT.match(pattern)
    if sorts:
        return f"by {sorts[1].replace('|', ', ')}; several with commas; - before a name for descending"
    return _LINES.get(pattern, f"fits {pattern}" if pattern and len(pattern) < _SHORT_PATTERN else "")


def _range(schema: Schema) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    most = None if most is not None and most >= _LARGEST_TOLD else most
    least = None if least is not None and least <= -_LARGEST_TOLD else least
    told = [
        f"above {above}" if above is not None else "",
        f"below {below}" if below is not None else "",
        f"{least} to {most}" if least is not None and most is not None else "",
        f"from {least}" if least is not None and most is None else "",
        f"at most {most}" if least is None and most is not None else "",
    ]
    return ", ".join(part for part in told if part)


def _span(schema: Schema, key: str, unit: str) -> str:
    least, most = schema.get(f"min{key}"), schema.get(f"max{key}")
    if most is None:
        return f"at least {least} {unit}" if least and least > 1 else "not empty" if least else ""
    return f"{least} to {most} {unit}" if least else f"at most {most} {unit}"
