"""The examples of the served reference, with the names of an organization in the place of the printed ones.

Example::

    for example in examples_of(client):
        example.put(names).curl
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from html import unescape
from typing import Any
from urllib.parse import quote, unquote

import httpx

from ambra_tui.api.app import find_editions
from ambra_tui.api.documentation.examples import BASE_URL
from ambra_tui.api.documentation.operations import slug_of
from ambra_tui.api.edition import Edition, Operation
from tests.api.two_organizations import Names, Trial, filled

_ARTICLE = re.compile(r'<article id="([^"]+)".*?</article>', re.DOTALL)
_CODE = re.compile(r"<h3>(curl|Python)</h3><div[^>]*><pre[^>]*><code[^>]*>(.*?)</code></pre>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_NAME = re.compile(r"{([a-z_]+)(?::path)?}")

# What is printed, and what an organization of the tests calls such a thing.
PRINTED = {
    "MILK-1L": "$sku", "wh_1": "$site", "wh_2": "$shop", "sup_1": "$supplier", "sup_123": "$supplier",
    "ord_1": "$shipped_order",
    "var_1": "$variant", "prod_1": "$product", "rcp_1": "$recipe", "bin_1": "$bin", "loc_1": "$bin",
    "wh_123": "$site", "warehouse_123": "$site", "loc_123": "$bin", "prod_123": "$product",
    "prod_124": "$product", "wh_789": "$site", "wh_001": "$site", "wh_01HX": "$site",
    "SKU-001": "$sku", "SKU-002": "$serial_sku", "FLOUR-1": "$lot_sku", "SUGAR-1": "$sku", "BREAD-750": "$made_sku",
    "cat_1": "$category", "cat_123": "$category", "ccl_1": "$count_item", "pin_1": "$batch_input",
}  # fmt: skip


@dataclass(frozen=True)
class Example:
    """What a page shows of an operation."""

    edition: Edition
    operation: Operation
    curl: str
    python: str

    def put(self, trial: Trial, names: Names, words: Mapping[str, str]) -> Example:
        """With `names`; the path's own as the trial has them. `words`: printed ones that mean something else here."""
        printed = printed_path(self.curl)
        path = self.edition.base_path + actual_path(self.operation, trial, names)

        def named(text: str) -> str:
            text = text.replace(printed, path) if printed != path else text
            for word, value in zip(printed.split("/"), path.split("/"), strict=False):
                if word != value:
                    text = text.replace(f'"{word}"', f'"{unquote(value)}"', 1)
            for word, name in {**PRINTED, **words}.items():
                text = text.replace(f'"{word}"', f'"{names.get(name, name)}"')
            return text

        return replace(self, curl=named(self.curl), python=named(self.python))


def printed_path(curl: str) -> str:
    """The path of a curl line."""
    return next(word for word in curl.split() if word.startswith(BASE_URL)).removeprefix(BASE_URL).partition("?")[0]


def actual_path(operation: Operation, trial: Trial, names: Names) -> str:
    """The trial's path below the base, each name quoted."""
    parts = trial.path.split("/")
    wanted = operation.path.split("/")
    if len(parts) != len(wanted):
        return filled(trial.path, names)
    return "/".join(quote(filled(part, names), safe="") for part in parts)


def examples_of(client: httpx.Client) -> Iterator[Example]:
    """Every example of every page, as a reader sees it."""
    for edition in find_editions():
        operations = {operation.operation_id: operation for operation in edition.operations}
        for tag in dict.fromkeys(operation.tag for operation in edition.operations):
            page = client.get(f"/docs/api/reference/{edition.name}/{slug_of(tag)}").text
            for article in _ARTICLE.finditer(page):
                shown = {kind: unescape(_TAG.sub("", code)) for kind, code in _CODE.findall(article[0])}
                yield Example(edition, operations[article[1]], shown["curl"], shown["Python"])


def parsed(curl: str, variables: Mapping[str, str]) -> dict[str, Any]:
    """A curl line as arguments of `httpx.Client.request`, its ``$VARIABLES`` filled in as a shell does."""
    for name, value in variables.items():
        curl = curl.replace(f"${name}", value)
    words = shlex.split(curl.replace(" \\\n", " "))
    assert words[0] == "curl"
    asked: dict[str, Any] = {"method": "GET", "headers": {}}
    rest = iter(words[1:])
    for word in rest:
        if word == "-X":
            asked["method"] = next(rest)
        elif word == "-H":
            name, _, value = next(rest).partition(": ")
            asked["headers"][name] = value
        elif word == "-d":
            asked["content"] = next(rest)
        else:
            assert "url" not in asked and word.startswith(BASE_URL), word
            asked["url"] = word.removeprefix(BASE_URL)
    return asked
