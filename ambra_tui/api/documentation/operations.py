"""The operations of an OpenAPI document as pages and collections show them.

Example::

    [operation.operation_id for operation in operations_of(document)]
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ambra_tui.api.documentation.requests import Request, request_of
from ambra_tui.api.documentation.schemas import Field, Shapes

_ORDER = ("get", "post", "put", "patch", "delete")
_OUTSIDE = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Described:
    """One operation. `entry`: as the document describes it."""

    path: str
    method: str
    entry: Mapping[str, Any]
    shapes: Shapes

    @property
    def operation_id(self) -> str:
        """Its name, the same in every client."""
        return str(self.entry["operationId"])

    @property
    def summary(self) -> str:
        """What it does."""
        return str(self.entry["summary"])

    @property
    def tag(self) -> str:
        """What it belongs to."""
        return str(self.entry["tags"][0])

    @property
    def scope(self) -> str:
        """What the key must be allowed."""
        return str(self.entry["x-scope"])

    @property
    def query(self) -> list[Field]:
        """The query parameters."""
        return self._parameters("query")

    @property
    def headers(self) -> list[Field]:
        """The headers it heeds, beside the key."""
        return self._parameters("header")

    @property
    def names(self) -> list[Field]:
        """What stands in the path."""
        return self._parameters("path")

    def _parameters(self, where: str) -> list[Field]:
        return [
            self.shapes.field(
                given["name"], given["schema"], is_required=given["required"], description=given.get("description", "")
            )
            for given in self.entry["parameters"]
            if given["in"] == where
        ]

    @cached_property
    def _content(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.entry.get("requestBody", {}).get("content", {}).get("application/json", {})
        return found

    @cached_property
    def wrapper(self) -> str:
        """The name that the body may be wrapped in."""
        kinds = self._content.get("schema", {}).get("anyOf", ())
        return str(next(iter(kinds[0]["properties"]))) if len(kinds) == 2 and "properties" in kinds[0] else ""

    @cached_property
    def body_schema(self) -> Mapping[str, Any]:
        """The schema of the body without its wrapper; empty without a body."""
        schema = self._content.get("schema", {})
        return self.shapes.resolved(schema["anyOf"][-1] if self.wrapper else schema) if schema else {}

    @cached_property
    def body_fields(self) -> list[Field]:
        """The fields of the body."""
        return list(self.shapes.fields(self.body_schema)) if self.body_schema else []

    @cached_property
    def body(self) -> Any:
        """What an example sends; None for nothing. Where none was declared: the fields that must be there."""
        if "example" in self._content:
            return self._content["example"]
        needed = self.body_schema.get("required", ())
        properties = self.body_schema.get("properties", {})
        return {name: self.shapes.sample(properties[name], name) for name in needed} or None

    @cached_property
    def request(self) -> Request:
        """The example."""
        return request_of(self.path, self.method, self.entry, self.body)

    @property
    def answers(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Status and description of every answer."""
        for status, described in self.entry["responses"].items():
            yield int(status), described

    @property
    def good(self) -> tuple[int, Mapping[str, Any]]:
        """What it answers when all is well."""
        return next((status, described) for status, described in self.answers if status < 300)

    @property
    def answer_schema(self) -> Mapping[str, Any]:
        """The schema of the answer; empty when it has no body."""
        found: Mapping[str, Any] = self.good[1].get("content", {}).get("application/json", {}).get("schema", {})
        return found


def operations_of(document: Mapping[str, Any]) -> Iterator[Described]:
    """Every operation of a document, in its order, the methods of a path in the usual one."""
    shapes = Shapes(document["components"]["schemas"])
    for path, methods in document["paths"].items():
        for method, entry in sorted(methods.items(), key=lambda named: _ORDER.index(named[0])):
            yield Described(path, method.upper(), entry, shapes)


def slug_of(title: str) -> str:
    """A title as a part of a path."""
    return _OUTSIDE.sub("-", title.lower()).strip("-")
