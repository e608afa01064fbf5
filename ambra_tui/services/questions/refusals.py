"""What is refused before anything is looked up: orders to change something, injections, other tenants, other topics.

A courtesy, not the boundary: there is no tool that writes, the session is read-only and bound to one organization.

Example::

    refuse("Add 10 to 85123A", words, lexicon("en"))   # 'refuse_write'
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ambra_tui.services.questions.lexicon import Lexicon, lexicon
from ambra_tui.services.questions.words import Word, folded, texts

WRITE, INJECTION, TENANT, SCOPE = "refuse_write", "refuse_injection", "refuse_tenant", "refuse_scope"
_SQL = re.compile(
    r"""
    ['"`]\s*(\|\||;|--|\#|/\*|\)\s*;)                    # a quote that is closed early
    | ['"`]\s*(or|and)\b[^=<>]{0,40}([=<>]|\blike\b)
    | ['"`]\s*(union|having)\b
    | \b(or|and)\b\s+['"(]*\w+['")]*\s*=\s*['"(]*\w+       # or 1=1
    | \b(or|and)\s+(true|1)\s*(--|;|$)
    | (^|\s)--+\s*($|\w)                                   # a comment
    | ;\s*(--|\#|$|\w+\s)(?<!;\s)
    | /\*|\*/
    | \bunion\b(\s+all)?\s+\bselect\b
    | \bselect\b.{1,200}\bfrom\b\s+\w+
    | \b(drop|alter|truncate|create|rename)\s+(table|database|schema|index|user|view|role|trigger)\b
    | \binsert\s+into\b | \bdelete\s+from\b | \bupdate\s+\w+\s+set\b | \breplace\s+into\b | \bmerge\s+into\b
    | \b(exec|execute|xp_cmdshell|sp_executesql)\b\s*[\(\w]
    | \b(sleep|benchmark|pg_sleep|waitfor|load_extension|load_file|randomblob|char|concat|version|substr|ascii)\s*\(
    | \b(information_schema|sqlite_master|sqlite_schema|pg_catalog|pg_tables|pg_user|pg_shadow|sysobjects)\b
    | \bpragma\b\s+\w+ | \battach\s+database\b | \bgrant\s+all\b | \border\s+by\s+\d+\s*(--|;|$)
    | \blimit\s+\d+\s*(--|;)
    | 0x[0-9a-f]{6,} | %27|%22|%3b|\\x27 | \bwhere\b\s+\w+\s*(=|like\b|is\b|in\s*\()
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MARKUP = re.compile(
    r"<\s*/?\s*(script|img|iframe|system|svg|user|assistant)|javascript:|\{\{|\$\{|<\||\[/?inst\]|###\s*\w+",
    re.IGNORECASE,
)
_PROMPT = re.compile(
    r"\b(system|assistant|developer)\s*:|\bbase64\b|\brot13\b|\bprompt\b|\bos\.(system|environ)\b|\b__\w+__\b|/etc/\w+|\.env\b",
    re.IGNORECASE,
)
_OTHER_ORGANIZATION = re.compile(
    r"\b(organi[sz]ation|organisation|organizacion|organizacao|org|tenant|mandant|mandanten|company|firma|empresa|account)"
    r"[\s_-]*(id|nr|no|number|nummer)?\s*[=:#]?\s*[0-9]+\b"
)
_AMOUNT = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?(x|st|pcs)?")
_CODE = re.compile(r"[a-z]{1,4}-?[0-9]+[a-z0-9-]*|[0-9]{4,}[a-z]{0,2}")
_DOCUMENT = re.compile(r"(so|po)-?[0-9]")
_ARTICLES = frozenset({"the", "me", "us", "all", "a", "another", "more"})
_TOWARDS = frozenset({"to", "from", "into", "nach", "a", "para", "as", "als"})
_OF_UNITS = frozenset({"units", "unit", "pieces", "pcs", "x", "of", "more", "stuck", "unidades"})
_LEAST_SKU = 5
_MAX_POLITE = 8


def refuse(text: str, words: Sequence[Word], language: Lexicon) -> str:
    """Which refusal a question earns; empty when it may be answered. Off-topic questions are judged later, when it is
    known what else they hold."""
    told = texts(words)
    lexicons = dict.fromkeys((language.language, "en"))
    if _is_injection(text, told, [lexicon(name) for name in lexicons]):
        return INJECTION
    if _OTHER_ORGANIZATION.search(folded(text)) or _holds("tenant", told, [lexicon(name) for name in lexicons]):
        return TENANT
    if not _is_write(told, language):
        return ""
    return SCOPE if language.refusals["off_topic"].find(told) else WRITE


def _is_injection(text: str, told: Sequence[str], lexicons: Sequence[Lexicon]) -> bool:
    return bool(
        _SQL.search(text) or _MARKUP.search(text) or _PROMPT.search(text) or _holds("injection", told, lexicons)
    )


def _holds(name: str, told: Sequence[str], lexicons: Sequence[Lexicon]) -> bool:
    return any(one.refusals[name].find(told) for one in lexicons)


def _is_write(told: Sequence[str], language: Lexicon) -> bool:
    refusals = language.refusals
    if refusals["write_anywhere"].find(told):
        return True
    start = _after_politeness(told, language)
    if start >= len(told):
        return False
    never = refusals["never_write"].at(told, start)
    if never is not None and (never.end - never.start > 1 or not _has_amount(told[start:])):
        return False
    if refusals["write"].at(told, start):
        return True
    if refusals["write_with_object"].at(told, start) and _is_object(told, start + 1):
        return True
    is_asked = refusals["asking"].find(told[:4]) if "asking" in refusals else []
    return not is_asked and any(hit.end >= len(told) - 1 for hit in refusals["write_at_end"].find(told))


def _after_politeness(told: Sequence[str], language: Lexicon) -> int:
    start = 0
    for _ in range(_MAX_POLITE):
        hit = language.refusals["polite"].at(told, start) if start < len(told) else None
        if hit is None:
            break
        start = hit.end
    return start


def _is_object(told: Sequence[str], start: int) -> bool:
    """An amount, or the code of what is to be changed and where to, right behind the verb."""
    following = [word for word in told[start : start + 5] if word not in _ARTICLES]
    if len(following) < 2:
        return False
    if _AMOUNT.fullmatch(following[1]) and len(following[1]) < _LEAST_SKU:
        return True
    if _AMOUNT.fullmatch(following[0]):
        return len(following[0]) < _LEAST_SKU or following[1] in _OF_UNITS or following[1] in _TOWARDS
    is_code = _CODE.fullmatch(following[0]) is not None and _DOCUMENT.match(following[0]) is None
    return is_code and following[1] in _TOWARDS


def _has_amount(told: Sequence[str]) -> bool:
    return any(_AMOUNT.fullmatch(word) for word in told)
