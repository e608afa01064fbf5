"""The pages of `ambra_tui/docs` as HTML: the same that the terminal shows as help.

A title in italics (*Receiving*) is a link to that page, as are links to files; raw HTML in a page is text.

Example::

    Guides().pages["/docs/receiving"].title    # 'Receiving'
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin

from ambra_tui.api.documentation.highlight import highlighted
from ambra_tui.api.documentation.markup import Html
from ambra_tui.kit.resources import docs_path

ROOT = "/docs"
DECISIONS = f"{ROOT}/decisions"
_AT = {"api": f"{ROOT}/api", "auth": f"{ROOT}/api/auth", "webhooks": f"{ROOT}/api/webhooks"}
_GROUPS: Mapping[str, Sequence[str]] = {
    "On the floor": (
        "floor", "terminal", "receiving", "putaway", "picking", "packing", "counts", "moving", "transfers",
        "waste-and-quarantine", "returns", "replenish", "producing", "inquiry", "undo", "signing-off", "asking",
        "verdicts",
    ),
    "At the desk": (
        "desk", "reports", "policies", "forecasts", "insights", "production", "traceability", "questions",
        "people-and-keys", "keys-and-webhooks",
    ),
    "A store and its devices": (
        "importing", "labels", "shipping", "scanning", "operations-of-a-store", "stopwatch", "benchmarks",
    ),
    "The API": (
        "api", "auth", "oauth", "limits", "security", "webhooks", "payments", "sandbox", "sdk",
        "assistants",
    ),
}  # fmt: skip
_SHORT_SENTENCE = 45
REST, WHY = "More", "Why it is so"
_SHELL = re.compile(r"^\s*(curl|ambra|pip|python|npx|docker|export|\$) ?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Guide:
    """One page as it lies in its file."""

    path: str
    title: str
    text: str
    group: str
    file: Path

    @property
    def summary(self) -> str:
        """Its first sentence, or two short ones, without marks."""
        paragraphs = [part for part in self.text.split("\n\n")[1:] if part and part[0] not in "#|-`*!    "]
        words = re.sub(r"[*`]|\[([^]]+)\]\([^)]*\)", r"\1", " ".join(paragraphs[0].split())) if paragraphs else ""
        sentences = re.split(r"(?<=[.?!])\s", words)
        return " ".join(sentences[: 2 if len(sentences[0]) < _SHORT_SENTENCE else 1])


def place_of(stem: str) -> str:
    """Where the page of a file lies: the editions' pages under ``/docs/api``."""
    return _AT.get(stem) or (f"{ROOT}/api/{stem[4:]}" if stem.startswith("api-") else f"{ROOT}/{stem}")


class Guides:
    """Every page, read when the first is asked for."""

    def __init__(self) -> None:
        self._sentences: dict[str, Html] = {}
        self._tokens: dict[str, list[Token]] = {}

    @cached_property
    def pages(self) -> dict[str, Guide]:
        """The pages by path, in the order of their groups."""
        groups = {stem: group for group, stems in _GROUPS.items() for stem in stems}
        order = {stem: number for number, stem in enumerate(groups)}
        names = {path.stem: path for path in docs_path().glob("*.md")}
        listed = sorted(names, key=lambda stem: (order.get(stem, len(order)), stem))
        found = [_read(names[stem], place_of(stem), _group(stem, groups)) for stem in listed]
        decisions = sorted((docs_path() / "decisions").glob("*.md"))
        found += [_read(path, f"{DECISIONS}/{path.stem}", WHY) for path in decisions]
        return {guide.path: guide for guide in found}

    @cached_property
    def groups(self) -> dict[str, list[Guide]]:
        """The pages by group."""
        names = [*_GROUPS, REST, WHY]
        return {name: found for name in names if (found := [one for one in self.pages.values() if one.group == name])}

    def rendered(self, guide: Guide) -> Html:
        """The page as HTML."""
        markdown = self._markdown
        return Html(markdown.renderer.render(self._parsed(guide), markdown.options, {"file": guide.file}))

    def headings(self, guide: Guide) -> list[tuple[str, str]]:
        """Anchor and text of its sections."""
        return [
            (str(opened.attrs["id"]), shown_text(inline))
            for opened, inline in pairwise(self._parsed(guide))
            if opened.type == "heading_open" and opened.tag == "h2"
        ]

    def inline(self, text: str) -> Html:
        """A sentence with its marks."""
        if text not in self._sentences:
            self._sentences[text] = Html(self._markdown.renderInline(text))
        return self._sentences[text]

    def _parsed(self, guide: Guide) -> list[Token]:
        if guide.path not in self._tokens:
            self._tokens[guide.path] = self._markdown.parse(guide.text, {"file": guide.file})
        return self._tokens[guide.path]

    @cached_property
    def _markdown(self) -> MarkdownIt:
        markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
        markdown.use(anchors_plugin, max_level=3)
        markdown.core.ruler.push("links", lambda state: self._link(state.tokens, state.env.get("file")))
        markdown.add_render_rule("fence", _code)
        markdown.add_render_rule("code_block", _code)
        markdown.add_render_rule("table_open", lambda *_: '<div class="scroll" tabindex="0"><table>')
        markdown.add_render_rule("table_close", lambda *_: "</table></div>")
        return markdown

    @cached_property
    def _titles(self) -> dict[str, str]:
        return {guide.title: guide.path for guide in self.pages.values() if guide.group != WHY}

    def _link(self, tokens: Sequence[Token], file: Path | None) -> None:
        for token in tokens:
            if token.type == "inline" and token.children:
                for child in token.children:
                    if child.type == "link_open":
                        self._aim(child, file)
                token.children = list(self._titled(token.children))

    def _aim(self, link: Token, file: Path | None) -> None:
        """A link to a file of the documentation is one to its page."""
        target, mark, anchor = str(link.attrs.get("href", "")).partition("#")
        if target.endswith(".md") and file is not None:
            named = next((page for page in self.pages.values() if page.file == (file.parent / target).resolve()), None)
            if named is not None:
                link.attrs["href"] = f"{named.path}{mark}{anchor}"
        elif "://" in target:
            link.attrs["rel"] = "noreferrer"

    def _titled(self, children: Sequence[Token]) -> Iterator[Token]:
        """Italics that are the title of a page become a link to it."""
        titles = self._titles
        is_open = False
        for number, child in enumerate(children):
            following = children[number + 1] if number + 1 < len(children) else None
            if child.type == "em_open" and following is not None and following.content in titles:
                is_open = True
                yield Token("link_open", "a", 1, attrs={"href": titles[following.content]})
            elif child.type == "em_close" and is_open:
                is_open = False
                yield Token("link_close", "a", -1)
            else:
                yield child


def _read(path: Path, place: str, group: str) -> Guide:
    text = path.read_text(encoding="utf-8")
    title = next((line[2:].strip() for line in text.splitlines() if line.startswith("# ")), path.stem)
    return Guide(place, title.replace("`", ""), text, group, path.resolve())


def _group(stem: str, groups: Mapping[str, str]) -> str:
    return groups.get(stem) or ("The API" if stem.startswith("api-") else REST)


def shown_text(token: Token) -> str:
    """The text of a heading without its marks."""
    return "".join(child.content for child in token.children or ())


def _code(_renderer: object, tokens: Sequence[Token], number: int, _options: object, _env: object) -> str:
    token = tokens[number]
    language = token.info.strip().partition(" ")[0] or ("bash" if _SHELL.match(token.content) else "")
    return highlighted(token.content, language)
