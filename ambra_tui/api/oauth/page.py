"""The page on which a person lets a program in, and the one that tells why a program cannot ask: plain HTML, no script.

Example::

    consent_page(Shown(...), language="en")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from ambra_tui.api.documentation.markup import Html, element, joined
from ambra_tui.kit.language import keys, languages, say

FILE = "/oauth/page.css"
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; form-action {forms}"
)
_HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Accept-Language",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows. `action`: where the form goes; `origin`: where its answer may lead. `message`: what was
    wrong with the try before."""

    client: str
    organization: str
    is_sandbox: bool
    scopes: Sequence[str]
    place: str
    action: str
    origin: str
    form_token: str
    needs_password: bool
    name: str = ""
    message: str = ""


def language_of(accepted: str) -> str:
    """The language of the pages for a browser that accepts these."""
    for part in accepted.lower().split(","):
        name = part.partition(";")[0].strip().partition("-")[0]
        if name in languages():
            return name
    return "en"


def words_of(language: str, scope: str) -> str:
    """A scope as a person reads it."""
    resource, _, verb = scope.rpartition(":")
    if not resource and verb == "admin":
        return say(language, "oauth.to_admin")
    key = f"oauth.what_{resource or 'all'}"
    what = say(language, key) if key in keys(language) else resource.replace("_", " ")
    return say(language, f"oauth.to_{verb}", what=what)


def consent_page(shown: Shown, *, language: str, status: int = 200) -> Response:
    """The page with the form."""
    organization = say(
        language, "oauth.to_sandbox" if shown.is_sandbox else "oauth.to", organization=shown.organization
    )
    content = joined(
        (
            element("h1", say(language, "oauth.asks", client=shown.client)),
            element("p", organization),
            element("ul", *(element("li", words_of(language, scope)) for scope in shown.scopes)),
            element("p", f"{say(language, 'oauth.back')} ", element("b", shown.place), class_="back"),
            element("p", shown.message, class_="wrong", role="alert") if shown.message else None,
            _form(shown, language),
            element("p", say(language, "oauth.note"), class_="note"),
        )
    )
    return _page(
        say(language, "oauth.title"), content, language=language, status=status, forms=f"'self' {shown.origin}"
    )


def _form(shown: Shown, language: str) -> Html:
    secret = say(language, "oauth.password" if shown.needs_password else "oauth.secret")
    mode = None if shown.needs_password else "numeric"
    return element(
        "form",
        element("input", type="hidden", name="form_token", value=shown.form_token),
        element("label", say(language, "oauth.name"), for_="name"),
        element("input", id="name", name="name", value=shown.name, maxlength="120", autocomplete="username",
                autocapitalize="off", spellcheck="false", autofocus=not shown.name),
        element("label", secret, for_="secret"),
        element("input", id="secret", name="secret", type="password", maxlength="200", inputmode=mode,
                autocomplete="current-password", autofocus=bool(shown.name)),
        element("p", say(language, "oauth.needs_password"), class_="note") if shown.needs_password else None,
        element(
            "div",
            element("button", say(language, "oauth.allow"), name="decision", value="allow", class_="allow"),
            element("button", say(language, "oauth.deny"), name="decision", value="deny", formnovalidate=True),
            class_="choice",
        ),
        method="post", action=shown.action,
    )  # fmt: skip


def refusal_page(why: str, detail: str, *, language: str, status: int = 400) -> Response:
    """The page for a request that nobody is to be sent back with. `why`: client, redirect or request."""
    content = joined(
        (
            element("h1", say(language, "oauth.refused")),
            element("p", say(language, f"oauth.refused_{why}")),
            element("p", say(language, "oauth.refused_what")),
            element("p", f"{say(language, 'oauth.refused_why')}: ", element("code", detail), class_="note"),
        )
    )
    return _page(say(language, "oauth.refused"), content, language=language, status=status, forms="'none'")


def _page(title: str, content: Html, *, language: str, status: int, forms: str) -> Response:
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{title} · AmbraWMS"),
        element("link", rel="icon", href="data:,"),
        element("link", rel="stylesheet", href=FILE),
    )
    brand = element("p", element("b", "Ambra"), "WMS", class_="brand")
    body = element("body", element("main", brand, content))
    text = f"<!doctype html>\n{element('html', head, body, lang=language)}\n"
    headers = {**_HEADERS, "Content-Security-Policy": _POLICY.format(forms=forms)}
    return Response(text, status_code=status, media_type="text/html", headers=headers)
