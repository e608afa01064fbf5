"""HTML by calls: every text is escaped unless it is already `Html`.

Example::

    element("a", "Orders & returns", href="/docs/orders")    # <a href="/docs/orders">Orders &amp; returns</a>
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_EMPTY = frozenset({"input", "link", "meta", "hr", "wbr"})


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(name: str, /, *children: str | None, **attributes: str | bool | None) -> Html:
    """One element. An attribute that is True has no value, one that is None or False is left out; `class_` is
    ``class``, `aria_label` is ``aria-label``."""
    given = "".join(_attribute(key, value) for key, value in attributes.items() if value not in (None, False))
    if name in _EMPTY:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{joined(children)}</{name}>")


def joined(children: Iterable[str | None], between: str = "") -> Html:
    """Children one after the other, texts escaped."""
    shown = (child if isinstance(child, Html) else escape(child) for child in children if child)
    return Html(between.join(shown))


def table(heads: Iterable[str], rows: Iterable[Iterable[str]], *, label: str) -> Html:
    """A table in a box of its own that scrolls sideways where it is too wide; the first cell of a row names it."""
    head = element("tr", *(element("th", text, scope="col") for text in heads))
    body = joined(_row(list(cells)) for cells in rows)
    whole = element("table", element("thead", head), element("tbody", body), aria_label=label)
    return element("div", whole, class_="scroll", tabindex="0", role="region", aria_label=label)


def _row(cells: list[str]) -> Html:
    return element("tr", element("th", cells[0], scope="row"), *(element("td", cell) for cell in cells[1:]))


def _attribute(key: str, value: str | bool | None) -> str:
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
