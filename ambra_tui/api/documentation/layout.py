"""What every page has around its content: head, bar, search, navigation. Nothing is loaded from elsewhere.

Example::

    page("Receiving", content, here="/docs/receiving", navigation=navigation)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ambra_tui.api.documentation.markup import Html, element, joined

REFERENCE = "/docs/api/reference"
POSTMAN = "/docs/api/postman"
BAR = (
    ("/docs", "Guide"),
    (REFERENCE, "Reference"),
    ("/docs/api/auth", "Keys"),
    ("/docs/api/webhooks", "Webhooks"),
    ("/playground", "Playground"),
)


@dataclass(frozen=True, slots=True)
class Link:
    """One line of the navigation. `method`: of an operation."""

    path: str
    title: str
    method: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Lines of the navigation under one head, which may be a link itself. `is_folded`: opened by the reader."""

    title: str
    links: Sequence[Link]
    path: str = ""
    is_folded: bool = False


def page(
    title: str,
    content: str,
    *,
    here: str,
    navigation: Iterable[Group],
    sections: Sequence[Link] = (),
    kind: str = "text",
) -> str:
    """A whole page. `sections`: what is on it. `kind`: the class of its content."""
    shown = "AmbraWMS documentation" if here == "/docs" else f"{title} · AmbraWMS"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", shown),
        element("link", rel="icon", href="data:,"),
        element("link", rel="stylesheet", href="/docs/page.css"),
        element("script", src="/docs/page.js", defer=True),
    )
    main = element("main", content, id="content", tabindex="-1", class_=kind)
    body = element(
        "body",
        element("a", "Skip to the content", href="#content", class_="skip"),
        _bar(here),
        element("div", main, _sections(sections), _navigation(here, navigation), class_="columns"),
    )
    return f'<!doctype html>\n<html lang="en">{head}{body}</html>\n'


def _bar(here: str) -> Html:
    best = max((path for path, _ in BAR if here == path or here.startswith(f"{path}/")), key=len, default="")
    links = (element("a", title, href=path, aria_current="true" if path == best else None) for path, title in BAR)
    search = element(
        "form",
        element("input", type="search", id="search", placeholder="Search  /", aria_label="Search the documentation",
                autocomplete="off", role="combobox", aria_expanded="false", aria_controls="found"),
        element("ul", id="found", role="listbox", aria_label="Found", hidden=True),
        role="search", hidden=True,
    )  # fmt: skip
    brand = element("a", "Ambra", element("b", "WMS"), element("span", "docs"), href="/docs", class_="brand")
    menu = element("a", "Menu", href="#navigation", class_="menu")
    return element("header", brand, element("nav", *links, aria_label="Main"), search, menu, class_="bar")


def _sections(sections: Sequence[Link]) -> Html | None:
    if len(sections) < 2:
        return None
    lines = joined(element("li", element("a", link.title, href=link.path)) for link in sections)
    return element("aside", element("h2", "On this page"), element("ul", lines), class_="sections")


def _navigation(here: str, groups: Iterable[Group]) -> Html:
    close = element("a", "Close", href="#content", class_="close")
    return element(
        "nav", close, *(_group(here, group) for group in groups), id="navigation", aria_label="Pages", class_="pages"
    )


def _group(here: str, group: Group) -> Html:
    title: str = (
        element("a", group.title, href=group.path, aria_current=_current(here, group.path))
        if group.path
        else group.title
    )
    lines = element("ul", *(_line(here, link) for link in group.links)) if group.links else None
    if not group.is_folded:
        return element("section", element("h2", title), lines)
    is_open = any(link.path == here for link in group.links)
    return element("details", element("summary", group.title), lines, open=is_open)


def _line(here: str, link: Link) -> Html:
    method = element("b", link.method, class_=f"method {link.method}") if link.method else None
    return element("li", element("a", method, link.title, href=link.path, aria_current=_current(here, link.path)))


def _current(here: str, path: str) -> str | None:
    return "page" if here == path else None
