"""Code in colours, by classes that the style sheet knows.

Example::

    highlighted("curl http://127.0.0.1:8080/healthz", "bash")
"""

from __future__ import annotations

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from ambra_tui.api.documentation.markup import Html, element

_FORMATTER = HtmlFormatter(nowrap=True)


def highlighted(code: str, language: str) -> Html:
    """`code` in a block that can be copied; plain where the language is not known."""
    try:
        shown: str = Html(highlight(code, get_lexer_by_name(language, stripnl=False), _FORMATTER).rstrip("\n"))
    except ClassNotFound:
        shown = code.rstrip("\n")
    inner = element("code", shown, data_language=language or None)
    return element("div", element("pre", inner, tabindex="0"), class_="code")
