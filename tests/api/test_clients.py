"""The OpenAPI document is fit for the tools that make clients of it; `python -m tests.contract document` runs them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from ambra_tui.api.app import find_editions
from ambra_tui.api.fields import ANY_TEXT, SOME_TEXT
from ambra_tui.api.openapi import document_of
from ambra_tui.kit.text import is_control

EDITIONS = find_editions()


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside `value`."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda edition: edition.name)
def test_a_document_holds_what_is_used_and_says_what_it_is(edition: Any) -> None:
    document = document_of(edition)
    schemas = document["components"]["schemas"]
    referred = {node["$ref"].rpartition("/")[2] for node in nodes(document) if isinstance(node.get("$ref"), str)}
    assert referred == set(schemas)
    assert set(edition.about) == {tag["name"] for tag in document["tags"]}
    assert all(len(tag["description"]) > len(tag["name"]) for tag in document["tags"])


def test_a_field_of_a_body_that_may_be_left_out_has_no_default() -> None:
    """Generators of typed clients take a default for a field that is always there: the default is told in words."""
    told = 0
    for edition in EDITIONS:
        schemas = document_of(edition)["components"]["schemas"]
        for schema in [schema for name, schema in schemas.items() if not name.endswith("View")]:
            for described in schema.get("properties", {}).values():
                assert "default" not in described
                told += "Without it: " in described.get("description", "")
    assert told > 5


def test_the_documented_pattern_of_a_line_is_what_a_line_may_hold() -> None:
    for code in (*range(0xD800), *range(0xE000, 0x10000), 0x1F600):
        character = chr(code)
        assert bool(re.fullmatch(ANY_TEXT[1:-1], character)) is not is_control(character), hex(code)
        assert bool(re.fullmatch(SOME_TEXT[1:-1], character)) is bool(
            not is_control(character) and character.strip()
        ), hex(code)
