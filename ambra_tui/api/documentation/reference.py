"""The reference: a page of every edition, a page of each of its tags with its operations in full.

Example::

    Reference(edition, document_of(edition), inline).tag_page("Orders")
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from http import HTTPStatus
from typing import Any

from ambra_tui.api.documentation.examples import curl_of, python_of
from ambra_tui.api.documentation.highlight import highlighted
from ambra_tui.api.documentation.layout import POSTMAN, REFERENCE, Group, Link
from ambra_tui.api.documentation.markup import Html, element, joined, table
from ambra_tui.api.documentation.operations import Described, operations_of, slug_of
from ambra_tui.api.documentation.refusals import Refusals
from ambra_tui.api.documentation.requests import Request
from ambra_tui.api.documentation.schemas import Field
from ambra_tui.api.edition import Edition

Inline = Callable[[str], Html]
_LONG_TABLE = 40
_OF_EVERY_ANSWER = ("X-Request-Id", "X-RateLimit-")
_REQUIRED = element("em", "required", class_="required")
_OPTIONAL = element("em", "may be missing", class_="optional")


class Reference:
    """One edition. `inline`: a sentence's Markdown as HTML."""

    def __init__(self, edition: Edition, document: Mapping[str, Any], inline: Inline) -> None:
        self.edition, self.document, self._inline = edition, document, inline
        self._refusals = Refusals(edition)
        self._declared = {operation.operation_id: operation for operation in edition.operations}

    @cached_property
    def tags(self) -> dict[str, list[Described]]:
        """The operations by tag."""
        operations = list(operations_of(self.document))
        names = [tag["name"] for tag in self.document.get("tags", ())]
        return {name: [one for one in operations if one.tag == name] for name in names}

    @property
    def path(self) -> str:
        """Where the page of the edition lies."""
        return f"{REFERENCE}/{self.edition.name}"

    def place(self, tag: str) -> str:
        """Where the page of a tag lies."""
        return f"{self.path}/{slug_of(tag)}"

    def link(self, operation: Described) -> str:
        """Where an operation lies."""
        return f"{self.place(operation.tag)}#{operation.operation_id}"

    def group(self, here: str) -> Group:
        """The edition in the navigation; the operations of the tag that is shown."""
        links = []
        for tag, operations in self.tags.items():
            links.append(Link(self.place(tag), tag))
            if self.place(tag) == here:
                links += [Link(self.link(one), one.summary, one.method) for one in operations]
        title = self.edition.title.removeprefix("AmbraWMS ")
        return Group(f"{title[:1].upper()}{title[1:]}", links, self.path)

    # --- pages --------------------------------------------------------------------------------------------------------

    def edition_page(self) -> Html:
        """What it is, where it lies, and every operation in a line."""
        edition = self.edition
        about = self._inline(edition.description)
        return joined(
            [
                element("h1", edition.title),
                element("p", about, class_="lead"),
                _facts(
                    ("Base path", element("code", edition.base_path)),
                    ("Version", edition.version),
                    ("Rules", element("a", f"of the {edition.name} edition", href=f"/docs/api/{edition.name}")),
                    ("OpenAPI 3.1", element("a", "openapi.json", href=f"{edition.base_path}/openapi.json")),
                ),
                *(self._overview(tag, operations, "h2") for tag, operations in self.tags.items()),
            ]
        )

    def summary(self) -> Html:
        """The edition on the first page of the reference."""
        title = element("h2", element("a", self.edition.title, href=self.path), id=self.edition.name)
        about = element(
            "p", self._inline(self.edition.description), " Base path ", element("code", self.edition.base_path), "."
        )
        tags = (self._overview(tag, operations, "h3") for tag, operations in self.tags.items())
        return element("section", title, about, *tags)

    def _overview(self, tag: str, operations: Iterable[Described], level: str) -> Html:
        lines = (
            element(
                "li",
                element(
                    "a", _method(one.method), element("code", one.path), element("span", one.summary),
                    href=self.link(one),
                ),
            )
            for one in operations
        )  # fmt: skip
        head = element(level, element("a", tag, href=self.place(tag)), id=slug_of(tag) if level == "h2" else None)
        about = element("p", self._inline(self.edition.about.get(tag, "")), class_="about")
        return element("div", head, about, element("ul", *lines), class_="calls")

    def tag_page(self, tag: str) -> Html:
        """Every operation of a tag."""
        above = element("p", element("a", self.edition.title, href=self.path), class_="above")
        about = element("p", self._inline(self.edition.about.get(tag, "")), class_="lead")
        return joined([above, element("h1", tag), about, *(self._operation(one) for one in self.tags[tag])])

    # --- an operation -------------------------------------------------------------------------------------------------

    def _operation(self, operation: Described) -> Html:
        head = element("h2", operation.summary, _anchor(operation.operation_id))
        trial = element("a", "Try it", href=f"/playground#{self.edition.name}/{operation.operation_id}", class_="try")
        call = element("p", _method(operation.method), element("code", operation.path), trial, class_="call")
        scope = element(
            "p", "Scope ", element("code", operation.scope), " · in clients ", element("code", operation.operation_id),
            class_="scope",
        )  # fmt: skip
        told = element("div", *self._told(operation), class_="told")
        shown = element("div", *_shown(operation), class_="shown")
        return element(
            "article", head, call, scope, element("div", told, shown, class_="beside"), id=operation.operation_id,
            class_="operation",
        )  # fmt: skip

    def _told(self, operation: Described) -> list[Html]:
        parts = [
            self._fields("Path", operation.names, ("Type", "Notes")),
            self._fields("Query", operation.query, ("Type", "Default", "Notes")),
            self._body(operation),
            self._fields("Request headers", operation.headers, ("Notes",)),
            self._answer(operation),
            self._refused(operation),
        ]
        return [part for part in parts if part]

    def _body(self, operation: Described) -> Html:
        if not operation.body_fields:
            return Html("")
        said = operation.body_schema.get("description", "")
        wrapped = f"Flat, or inside `{operation.wrapper}`." if operation.wrapper else ""
        about = element("p", self._inline(f"{' '.join(said.split())} {wrapped}".strip())) if said or wrapped else ""
        return self._fields("Body", operation.body_fields, ("Type", "Notes"), about)

    def _answer(self, operation: Described) -> Html:
        status = operation.good[0]
        title = f"Answer {status} {HTTPStatus(status).phrase}"
        headers = _headers(operation.good[1].get("headers", {}))
        if not operation.answer_schema:
            return joined([element("h3", title), element("p", "Without a body."), headers])
        fields = list(operation.shapes.fields(operation.answer_schema))
        if not fields:
            shape = operation.shapes.kind(operation.answer_schema)
            return joined([element("h3", title), element("p", f"JSON: {shape}.")])
        cells = (self._cells(one, ("Type", "Notes"), None if one.is_required else _OPTIONAL) for one in fields)
        rows = table(("Key", "Type", "Notes"), cells, label=title)
        if len(fields) > _LONG_TABLE:
            rows = element("details", element("summary", f"All {len(fields)} keys"), rows)
        said = operation.shapes.resolved(operation.answer_schema).get("description", "")
        about = element("p", self._inline(" ".join(said.split()))) if said else None
        return joined([element("h3", title), about, rows, headers])

    def _fields(self, title: str, fields: Sequence[Field], columns: Sequence[str], about: str = "") -> Html:
        if not fields:
            return Html("")
        cells = (self._cells(field, columns, _REQUIRED if field.is_required else None) for field in fields)
        return joined([element("h3", title), about, table(("Name", *columns), cells, label=title)])

    def _cells(self, field: Field, columns: Sequence[str], mark: Html | None = None) -> list[str]:
        before, dot, last = field.name.rpartition(".")
        inside = element("span", f"{before}{dot}", class_="inside") if dot else None
        where = joined([inside, element("wbr") if dot else None, last])
        limits = f"{field.limits[:1].upper()}{field.limits[1:]}"
        cells = {
            "Type": field.kind,
            "Default": element("code", field.default) if field.default else "",
            "Notes": joined([self._inline(field.description) if field.description else None, limits], " "),
        }
        name = joined([element("code", where), mark], " ")
        return [name, *(cells[column] for column in columns)]

    def _refused(self, operation: Described) -> Html:
        rows: list[tuple[str, ...]] = []
        for status, described in operation.answers:
            if status < 400:
                continue
            known = self._refusals.at(status, self._declared[operation.operation_id])
            for refusal in known:
                rows.append((str(status), element("code", refusal.code), self._inline(refusal.advice)))
            if not known:
                rows.append((str(status), "", described["description"]))
        statuses = element("span", ", ".join(dict.fromkeys(row[0] for row in rows)), class_="statuses")
        return element(
            "details", element("summary", "When it is refused ", statuses),
            table(("Status", "Code", "What to do"), rows, label="Refusals"), class_="refusals",
        )  # fmt: skip


def first_page(references: Sequence[Reference]) -> Html:
    """Every edition with every operation in a line."""
    count = sum(len(operations) for reference in references for operations in reference.tags.values())
    said = (
        f"{count} operations in {len(references)} editions, each a contract of its own over the same stock. "
        "Every page here is made from the running program's own OpenAPI documents."
    )
    files = joined(
        (element("a", one.edition.name, href=f"{one.edition.base_path}/openapi.json") for one in references),
        ", ",
    )  # fmt: skip
    first = curl_of(Request("GET", "/v1/products"))
    return joined(
        [
            element("h1", "API reference"),
            element("p", said, class_="lead"),
            highlighted(f"export AMBRA_API_KEY=$(ambra key create --name first --scopes admin)\n{first}", "bash"),
            _facts(
                ("Keys", element("a", "Authentication", href="/docs/api/auth")),
                ("Rules of all", element("a", "The REST API", href="/docs/api")),
                ("OpenAPI 3.1", files),
                ("Postman", element("a", "collection", href=POSTMAN)),
                ("Try calls", element("a", "Playground", href="/playground")),
            ),
            *(reference.summary() for reference in references),
        ]
    )


def _shown(operation: Described) -> list[Html]:
    parts = [
        element("h3", "curl"), highlighted(curl_of(operation.request), "bash"),
        element("h3", "Python"), highlighted(python_of(operation.request), "python"),
    ]  # fmt: skip
    if operation.answer_schema:
        sample = operation.shapes.sample(operation.answer_schema)
        parts += [element("h3", "Answer"), highlighted(json.dumps(sample, indent=2, ensure_ascii=False), "json")]
    return parts


def _headers(names: Iterable[str]) -> Html:
    """The headers of an answer beside those of every answer."""
    own = [element("code", name) for name in names if not name.startswith(_OF_EVERY_ANSWER)]
    return element("p", "Answer headers: ", joined(own, ", "), ".", class_="scope") if own else Html("")


def _method(method: str) -> Html:
    return element("b", method, class_=f"method {method}")


def _anchor(name: str) -> Html:
    return element("a", "#", href=f"#{name}", class_="anchor", aria_label="Link to this operation")


def _facts(*facts: tuple[str, str]) -> Html:
    return element(
        "dl", *(element("div", element("dt", name), element("dd", value)) for name, value in facts), class_="facts"
    )
