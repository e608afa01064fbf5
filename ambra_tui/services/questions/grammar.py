"""The grammar: the engine that needs nothing but the cue tables and the store.

Example::

    Grammar().answer(session, "Which lots expire within 30 days?", "en").rows
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from ambra_tui.errors import Invalid, NotFound
from ambra_tui.services.modules import modules_in
from ambra_tui.services.questions.answered import MAX_SUGGESTIONS, Answered
from ambra_tui.services.questions.catalogue import TOOLS, may_read, run
from ambra_tui.services.questions.lexicon import Lexicon, rules
from ambra_tui.services.questions.parameters import parameters_for
from ambra_tui.services.questions.reading import Reading, choose_language, read
from ambra_tui.services.questions.refusals import SCOPE, refuse
from ambra_tui.services.questions.routing import LEAST, Route, route
from ambra_tui.services.questions.tool import Tool
from ambra_tui.services.questions.wording import examples, render, say
from ambra_tui.services.questions.words import Word, read_words

_SURE, _LEAST_SURE = 0.97, 0.3
_OF = frozenset({"of", "for", "von", "fur", "de", "do", "da", "del", "para"})
_MISSING = {
    "lot_trace": "missing_lot",
    "order_detail": "missing_order",
    "purchase_order_detail": "missing_order",
    "transfer_detail": "missing_order",
}
_SAYS_LITTLE = frozenset(
    {"item", "lookup", "how_many", "@period", "@past", "@future", "@days", "not_word", "top_word", "should", "buy"}
)


class Grammar:
    """Reads a question by cue tables, asks one tool, words the answer from its rows."""

    name = "grammar"

    def refusal(self, text: str, language: str) -> Answered | None:
        """The refusal that a question earns whatever engine answers; None when it may be asked."""
        words, known = _opened(text, language)
        intent = refuse(text, words, known)
        return _refused(intent, known) if intent else None

    def answer(self, session: Session, text: str, language: str) -> Answered:
        """The answer; every question gets one."""
        words, known = _opened(text, language)
        if not words:
            return _lost(known)
        reading = read(session, words, known)
        found = route(reading.marks)
        if _is_off_topic(reading, found):
            return _refused(SCOPE, known)
        if not found.intent:
            return _without_intent(reading)
        return _Asking(session, reading, found).answer()


def _opened(text: str, language: str) -> tuple[list[Word], Lexicon]:
    words = read_words(text)
    known = choose_language(words, language)
    return read_words(text, known=known.vocabulary), known


def _refused(intent: str, known: Lexicon) -> Answered:
    language = known.language
    return Answered(
        say(language, "refused", intent), intent, confidence=_SURE, status="refused", language=language,
        suggestions=examples(language)[:3],
    )  # fmt: skip


def _lost(known: Lexicon) -> Answered:
    language = known.language
    return Answered(
        say(language, "common", "lost"), status="clarify", confidence=_LEAST_SURE, language=language,
        suggestions=examples(language)[:MAX_SUGGESTIONS],
    )  # fmt: skip


def _is_off_topic(reading: Reading, found: Route) -> bool:
    refusals, told = reading.lexicon.refusals, reading.texts
    in_names = set(reading.product_places) if len(reading.product_places) > 1 else set()
    hits = [hit for hit in refusals["off_topic"].find(told) if not in_names & set(range(hit.start, hit.end))]
    if hits:
        return True
    perhaps = [hit for hit in refusals["off_topic_perhaps"].find(told) if not in_names & set(range(hit.start, hit.end))]
    return bool(perhaps) and not found.is_specific and not reading.sku


def _without_intent(reading: Reading) -> Answered:
    told = reading.texts
    is_greeting = bool(reading.lexicon.refusals["greeting"].find(told))
    if reading.unknown and not is_greeting and not reading.marks - _SAYS_LITTLE:
        return _refused(SCOPE, reading.lexicon)
    return _lost(reading.lexicon)


class _Asking:
    """One question on its way to a tool."""

    def __init__(self, session: Session, reading: Reading, found: Route) -> None:
        self._session, self._reading, self._route = session, reading, found
        self._tool: Tool[Any] = TOOLS[found.intent]
        self._language = reading.lexicon.language
        self._parameters = parameters_for(self._tool, reading)

    def answer(self) -> Answered:
        """Clarifies what is unclear; else asks the tool."""
        return self._unclear() or self._asked()

    def _made(self, answer: str, status: Any, *, suggestions: Sequence[str] = (), **more: Any) -> Answered:
        return Answered(
            answer, self._tool.name, self._parameters, status=status, suggestions=list(suggestions)[:MAX_SUGGESTIONS],
            source_endpoint=self._tool.source_endpoint, language=self._language, **more,
        )  # fmt: skip

    def _unclear(self) -> Answered | None:
        fields = self._tool.parameters.model_fields
        reading = self._reading
        if "sku" in fields and reading.products.choices and not reading.sku:
            if self._may_be_ignored():
                return None
            return self._choose_product()
        skus = list(dict.fromkeys(code.value for code in reading.codes if code.kind == "sku"))
        if "sku" in fields and len(skus) > 1:
            return self._one_at_a_time("sku", "choose_product", skus)
        if reading.unclear_locations and "location" in fields:
            return self._choose_location()
        places = list(dict.fromkeys(reading.locations.values()))
        if "location" in fields and "to_location" not in fields and len(places) > 1:
            return self._one_at_a_time("location", "choose_location", places)
        if self._is_of_unknown():
            return self._missing()
        needed = rules().requires.get(self._tool.name, ())
        if needed and not any(self._has(mark) for mark in needed):
            return self._missing()
        unknown = next((code for code in reading.codes if code.kind == "sku" and not code.is_known), None)
        if unknown is not None and "sku" in fields:
            return self._not_found("product", unknown.value)
        return None

    def _may_be_ignored(self) -> bool:
        """Words that happen to be in the catalogue as well do not turn a clear question into an unclear one."""
        is_needed = "@product" in rules().requires.get(self._tool.name, ())
        reading = self._reading
        by_chance = bool(reading.unknown) and len(reading.product_places) == 1
        return not is_needed and (not reading.products.is_complete or by_chance)

    def _is_of_unknown(self) -> bool:
        """``forecast of unicorns``, ``where are unicorns``: what it is asked of is no product that anybody knows."""
        reading = self._reading
        if "sku" not in self._tool.parameters.model_fields or not reading.unknown:
            return False
        if self._tool.name == "stock_by_location" and not self._parameters.keys() - {"location", "limit"}:
            return True
        first = reading.unknown[0]
        return not self._parameters and first > 0 and reading.texts[first - 1] in _OF

    def _has(self, mark: str) -> bool:
        if mark == "@product":
            return bool(self._parameters.get("sku") or self._parameters.get("text"))
        return bool(self._parameters.get(mark.removeprefix("@")))

    def _choose_product(self) -> Answered:
        choices = self._reading.products.choices
        self._parameters["candidates"] = [product.sku for product in choices]
        listed = "; ".join(f"{product.sku} {product.name}" for product in choices)
        answer = say(self._language, "common", "choose_product", choices=listed)
        rows = [{"sku": product.sku, "name": product.name} for product in choices]
        asked = [self._asked_with(product.sku, self._reading.product_places) for product in choices]
        return self._made(answer, "clarify", suggestions=asked, rows=rows, confidence=0.6)

    def _choose_location(self) -> Answered:
        entries = self._reading.unclear_locations[:MAX_SUGGESTIONS]
        self._parameters.pop("location", None)
        self._parameters["candidates"] = [entry.value for entry in entries]
        listed = "; ".join(f"{entry.value} {entry.name}" for entry in entries)
        rows = [{"location": entry.value, "name": entry.name} for entry in entries]
        answer = say(self._language, "common", "choose_location", choices=listed)
        return self._made(answer, "clarify", suggestions=[entry.value for entry in entries], rows=rows, confidence=0.5)

    def _one_at_a_time(self, parameter: str, text: str, values: Sequence[str]) -> Answered:
        """Several products or locations in one question: each is a question of its own."""
        self._parameters.pop(parameter, None)
        self._parameters["candidates"] = list(values[:MAX_SUGGESTIONS])
        answer = say(self._language, "common", text, choices="; ".join(values[:MAX_SUGGESTIONS]))
        rows = [{parameter: value} for value in values[:MAX_SUGGESTIONS]]
        return self._made(answer, "clarify", suggestions=values, rows=rows, confidence=0.5)

    def _asked_with(self, code: str, places: Sequence[int]) -> str:
        """The question again, with a code in place of the words at `places`."""
        kept = [(place, word.raw) for place, word in enumerate(self._reading.words) if place not in places]
        return " ".join(raw for _, raw in sorted([*kept, (min(places, default=len(kept)), code)]))

    def _missing(self) -> Answered:
        words = " ".join(self._reading.words[place].raw for place in self._reading.unknown)
        piece = _MISSING.get(self._tool.name, "missing_unknown" if words else "missing_product")
        example = say(self._language, "examples", self._tool.name)
        asked = [example] if example else examples(self._language)
        return self._made(
            say(self._language, "common", piece, words=words), "clarify", suggestions=asked, confidence=0.5
        )

    def _not_found(self, resource: str, key: str) -> Answered:
        answer = say(self._language, "common", f"no_{resource}", key=key) or say(
            self._language, "common", "no_record", key=key
        )
        status = "clarify" if resource in ("product", "variant") else "answered"
        return self._made(answer, status, suggestions=self._others(), confidence=0.6)

    def _others(self) -> list[str]:
        own = say(self._language, "examples", self._tool.name)
        return [question for question in examples(self._language) if question != own][:3]

    def _asked(self) -> Answered:
        if not may_read(self._session, self._tool):
            answer = say(self._language, "common", "not_allowed", resource=self._tool.resource)
            return self._made(answer, "refused", confidence=self._confidence())
        if self._tool.module and self._tool.module not in modules_in(self._session):
            answer = say(self._language, "common", "module_off", module=self._tool.module)
            return self._made(answer, "refused", confidence=self._confidence())
        try:
            found = run(self._session, self._tool.name, self._parameters)
        except NotFound as error:
            return self._not_found(error.resource, error.key)
        except Invalid as error:
            return self._made(error.message, "clarify", confidence=_LEAST_SURE)
        answer = render(self._tool.name, self._parameters, found, self._language)
        others = [] if found.rows else self._others()
        return self._made(answer, "answered", rows=found.rows, suggestions=others, confidence=self._confidence())

    def _confidence(self) -> float:
        """How sure the reading is: slips put right, a narrow lead and words not understood make it less so."""
        sure = _SURE - 0.06 * self._reading.corrections - 0.05 * min(3, len(self._reading.unknown))
        if self._route.margin < 0.5:
            sure -= 0.15
        if self._route.score < LEAST + 0.5:
            sure -= 0.1
        if self._reading.products.chosen and not self._reading.products.is_complete:
            sure -= 0.1
        return round(max(_LEAST_SURE, sure), 2)
