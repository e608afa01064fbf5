"""Every page under /docs by its path, made when it is first asked for and kept.

Example::

    Site(editions).find("/docs/receiving").kind    # 'text/html'
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, partial
from threading import Lock

from ambra_tui.api.documentation import reference as reference_pages
from ambra_tui.api.documentation.guides import DECISIONS, ROOT, WHY, Guide, Guides
from ambra_tui.api.documentation.layout import POSTMAN, REFERENCE, Group, Link, page
from ambra_tui.api.documentation.markup import Html, element, joined
from ambra_tui.api.documentation.postman import collection_of
from ambra_tui.api.documentation.reference import Reference
from ambra_tui.api.edition import Edition
from ambra_tui.api.etags import etag_of
from ambra_tui.api.openapi import document_of
from ambra_tui.kit.resources import data_path
from ambra_tui.kit.text import printable

FILES = {"page.css": "text/css", "page.js": "text/javascript"}
SEARCH = f"{ROOT}/search.json"
_NEAR = 5
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Content:
    """What is sent for a path. `name`: of the file, where it is one to keep."""

    text: bytes
    kind: str
    etag: str
    name: str = ""


def _content(text: str, kind: str, name: str = "") -> Content:
    content = text.encode()
    return Content(content, kind, etag_of(content), name)


class Site:
    """The pages of these editions and of the documentation."""

    def __init__(self, editions: Sequence[Edition]) -> None:
        self._editions = editions
        self._made: dict[str, Content] = {}
        self._lock = Lock()

    def find(self, path: str) -> Content | None:
        """What is at a path; None when there is nothing."""
        with self._lock:
            if path not in self._made and path in self._makers:
                self._made[path] = self._makers[path]()
            return self._made.get(path)

    def missing(self, path: str) -> Content:
        """A page that says so and names those that may be meant."""
        with self._lock:
            return self._missing(path)

    @cached_property
    def paths(self) -> list[str]:
        """Every path that there is."""
        return list(self._makers)

    @cached_property
    def _guides(self) -> Guides:
        return Guides()

    @cached_property
    def _references(self) -> list[Reference]:
        return [Reference(edition, document_of(edition), self._guides.inline) for edition in self._editions]

    @cached_property
    def _makers(self) -> dict[str, Callable[[], Content]]:
        makers: dict[str, Callable[[], Content]] = {ROOT: self._index, REFERENCE: self._reference}
        for name, kind in FILES.items():
            makers[f"{ROOT}/{name}"] = partial(_file, name, kind)
        makers |= {SEARCH: self._search, POSTMAN: self._postman, DECISIONS: self._decisions}
        for guide in self._guides.pages.values():
            makers[guide.path] = partial(self._guide, guide)
        for reference in self._references:
            makers[reference.path] = partial(self._edition, reference)
            makers |= {reference.place(tag): partial(self._tag, reference, tag) for tag in reference.tags}
        return makers

    # --- pages --------------------------------------------------------------------------------------------------------

    def _page(self, title: str, content: str, here: str, sections: Sequence[Link] = (), kind: str = "text") -> Content:
        is_reference = here.startswith(REFERENCE)
        groups = self._reference_groups(here) if is_reference else self._guide_groups()
        return _content(page(title, content, here=here, navigation=groups, sections=sections, kind=kind), "text/html")

    def _reference_groups(self, here: str) -> list[Group]:
        first = Group("All operations", (), REFERENCE)
        return [first, *(reference.group(here) for reference in self._references)]

    def _guide_groups(self) -> list[Group]:
        return [
            Group(name, [Link(guide.path, guide.title) for guide in guides], is_folded=name == WHY)
            for name, guides in self._guides.groups.items()
        ]

    def _index(self) -> Content:
        cards = [_cards(name, guides) for name, guides in self._guides.groups.items() if name != WHY]
        more = element(
            "p", element("a", WHY, href=DECISIONS), ": the decisions behind the program, each with its reason."
        )
        said = "The floor, the desk, the store and the API. The same pages are the help of the terminal, under F1."
        content = joined([element("h1", "AmbraWMS"), element("p", said, class_="lead"), _doors(), *cards, more])
        return self._page("Documentation", content, ROOT, kind="index")

    def _decisions(self) -> Content:
        lines = (element("li", element("a", one.title, href=one.path)) for one in self._guides.groups.get(WHY, ()))
        content = joined([element("h1", WHY), element("ul", *lines)])
        return self._page(WHY, content, DECISIONS)

    def _guide(self, guide: Guide) -> Content:
        sections = [Link(f"#{anchor}", text) for anchor, text in self._guides.headings(guide)]
        return self._page(guide.title, self._guides.rendered(guide), guide.path, sections)

    def _reference(self) -> Content:
        content = reference_pages.first_page(self._references)
        sections = [Link(f"#{one.edition.name}", one.edition.title) for one in self._references]
        return self._page("API reference", content, REFERENCE, sections, kind="wide")

    def _edition(self, reference: Reference) -> Content:
        return self._page(reference.edition.title, reference.edition_page(), reference.path, kind="wide")

    def _tag(self, reference: Reference, tag: str) -> Content:
        title = f"{tag}, {reference.edition.title}"
        return self._page(title, reference.tag_page(tag), reference.place(tag), kind="operations")

    def _missing(self, path: str) -> Content:
        asked = printable(path[:_LONGEST])
        near = get_close_matches(asked, self._makers, n=_NEAR, cutoff=0.5)
        titles = self._titles
        lines = (element("li", element("a", titles.get(one, one), href=one)) for one in near)
        said = element("p", "There is no page at ", element("code", asked), ".", class_="lead")
        meant = joined([element("p", "You may have meant:"), element("ul", *lines)]) if near else None
        back = element(
            "p", "All pages are on the ", element("a", "first page", href=ROOT), ", all operations in the ",
            element("a", "reference", href=REFERENCE), ".",
        )  # fmt: skip
        return self._page("Not found", joined([element("h1", "Not found"), said, meant, back]), path)

    @cached_property
    def _titles(self) -> dict[str, str]:
        titles = {guide.path: guide.title for guide in self._guides.pages.values()}
        for reference in self._references:
            titles[reference.path] = reference.edition.title
            titles |= {reference.place(tag): f"{tag}, {reference.edition.title}" for tag in reference.tags}
        return {**titles, ROOT: "First page", REFERENCE: "API reference", DECISIONS: WHY, POSTMAN: "Postman collection"}

    # --- files --------------------------------------------------------------------------------------------------------

    def _search(self) -> Content:
        """What the search looks through: title, what it is, where it lies."""
        entries = [
            [one.summary, f"{one.method} {one.path} · {one.operation_id}", reference.link(one)]
            for reference in self._references
            for operations in reference.tags.values()
            for one in operations
        ]
        for guide in self._guides.pages.values():
            entries.append([guide.title, guide.group, guide.path])
            entries += [[text, guide.title, f"{guide.path}#{anchor}"] for anchor, text in self._guides.headings(guide)]
        return _content(json.dumps(entries, ensure_ascii=False, separators=(",", ":")), "application/json")

    def _postman(self) -> Content:
        collection = collection_of([reference.document for reference in self._references])
        text = json.dumps(collection, indent=2, ensure_ascii=False)
        return _content(text, "application/json", "ambrawms.postman_collection.json")


def _file(name: str, kind: str) -> Content:
    return _content(data_path(f"documentation/{name}").read_text(encoding="utf-8"), kind)


def _cards(name: str, guides: Sequence[Guide]) -> Html:
    cards = (
        element("li", element("a", element("b", one.title), element("span", one.summary), href=one.path))
        for one in guides
    )
    return element("section", element("h2", name), element("ul", *cards), class_="cards")


def _doors() -> Html:
    doors = (
        (REFERENCE, "API reference", "Every operation of every edition, with examples"),
        ("/docs/api/auth", "Authentication", "Get a key, send it, rotate it"),
        ("/docs/api/webhooks", "Webhooks", "Hear of changes as they happen"),
        ("/playground", "Playground", "Try any call from the browser"),
        (POSTMAN, "Postman", "Every call as a collection"),
    )
    lines = (
        element("li", element("a", element("b", title), element("span", said), href=path))
        for path, title, said in doors
    )
    return element("ul", *lines, class_="doors")
