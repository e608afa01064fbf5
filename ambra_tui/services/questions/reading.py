"""A question read: which concepts, codes, names, periods and numbers it holds. Nothing is decided here.

Example::

    reading = read(session, "stock of 22423 in Berlin", lexicon("en"))
    reading.marks   # {'stock', '@product', '@location'}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlmodel import Session

from ambra_tui.services.questions.codes import NUMBERED, Code, find_codes
from ambra_tui.services.questions.lexicon import LANGUAGES, Lexicon, Phrases, lexicon
from ambra_tui.services.questions.numbers import Numbers, find_numbers
from ambra_tui.services.questions.periods import When, find_when
from ambra_tui.services.questions.places import Entry, Named, entries_of_sites, entries_of_suppliers, find_named
from ambra_tui.services.questions.products import Product, Products, Term, correct, find_products, forms, read_terms
from ambra_tui.services.questions.words import Word, texts
from ambra_tui.store.scope import clock_of

_LETTERS = {"en": frozenset(), "de": frozenset("äöüß"), "es": frozenset("ñ"), "pt": frozenset("ãõçâê")}
_LETTER_WEIGHT = 0.8
_BARRIER = "\x00"
_LEAST_SPELLED = 4
_HINTS = {
    "order": "order", "demand_order": "order", "ordering": "po", "purchase": "po", "transfer": "transfer",
    "count": "count", "return": "return", "lot": "lot", "batch": "batch",
}  # fmt: skip
_PAST_NAMES = ("yesterday", "last_", "today")


@dataclass(slots=True)
class Reading:
    """What a question holds. `marks`: concepts and ``@`` slots; `taken`: places of words of
    time, numbers, sites and suppliers."""

    words: list[Word]
    texts: list[str]
    lexicon: Lexicon
    today: date
    when: When = field(default_factory=When)
    numbers: Numbers = field(default_factory=Numbers)
    taken: set[int] = field(default_factory=set)
    codes: list[Code] = field(default_factory=list)
    concepts: dict[int, set[str]] = field(default_factory=dict)
    said_statuses: list[tuple[frozenset[int], tuple[str, ...]]] = field(default_factory=list)
    group: str = ""
    reason: str = ""
    direction: str = ""
    products: Products = field(default_factory=Products)
    product_places: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    locations: dict[str, str] = field(default_factory=dict)
    unclear_locations: tuple[Entry, ...] = ()
    supplier: str = ""
    corrections: int = 0
    marks: set[str] = field(default_factory=set)

    @property
    def statuses(self) -> list[str]:
        """The statuses that are named, but for words that are part of a name."""
        named = self.taken | set(self.product_places)
        return list(dict.fromkeys(v for places, values in self.said_statuses if not places <= named for v in values))

    @property
    def status_places(self) -> set[int]:
        """Where the words of statuses stand."""
        return {place for places, _ in self.said_statuses for place in places}

    def code(self, kind: str) -> Code | None:
        """The first code of a kind."""
        return next((code for code in self.codes if code.kind == kind), None)

    @property
    def sku(self) -> str:
        """The product that is named, by code or words."""
        code = self.code("sku") or self.code("barcode")
        chosen = self.products.chosen
        return code.value if code else chosen.sku if chosen else ""


def choose_language(words: Sequence[Word], hint: str) -> Lexicon:
    """The language that knows most of the words; `hint` settles a tie."""
    order = [*([hint] if hint in LANGUAGES else []), *LANGUAGES]
    told = texts(words)
    scores = {name: _familiarity(words, told, lexicon(name)) for name in dict.fromkeys(order)}
    return lexicon(max(scores, key=lambda name: scores[name]))


def _familiarity(words: Sequence[Word], told: Sequence[str], known: Lexicon) -> float:
    plain = sum(1.0 for word in told if word in known.vocabulary or word in known.skipped)
    plain += sum(_LETTER_WEIGHT for word in words if _LETTERS[known.language] & set(word.raw.casefold()))
    plain += sum(0.6 for _ in known.refusals["write"].find(told[:4]))
    return plain + 0.6 * sum(hit.end - hit.start for hit in known.concepts.find(told))


def read(session: Session, words: Sequence[Word], known: Lexicon) -> Reading:
    """Reads a question in the language of `known`."""
    reading = Reading(list(words), texts(words), known, clock_of(session).today())
    sites = entries_of_sites(session, known.generic_names)
    terms = _spell(session, reading, sites)
    reading.when = find_when(reading.texts, known, reading.today)
    reading.numbers = find_numbers(reading.texts, known, taken=reading.when.taken)
    reading.taken = reading.when.taken | reading.numbers.taken
    codes = find_codes(session, reading.words, hints=_hints(reading), taken=reading.taken)
    reading.codes = [code for code in codes if code.is_known or not _is_code_of(reading.words[code.place], sites)]
    _mark_phrases(reading)
    _read_sites(reading, sites)
    _read_supplier(session, reading, terms)
    _read_product(session, reading, terms)
    _mark_slots(reading)
    return reading


def _is_code_of(word: Word, sites: Sequence[Entry]) -> bool:
    """A site may be called as documents are: ``ST1``."""
    return any(word.text == site.code for site in sites)


# --- spelling -------------------------------------------------------------------------------------------------------


def _spell(session: Session, reading: Reading, sites: Sequence[Entry]) -> dict[str, Term]:
    """Puts slips right, to the words that questions are made of or to the catalogue's; the terms of its words."""
    known = reading.lexicon
    reading.texts = [known.slips.get(text, text) for text in reading.texts]
    asked = [text for word, text in zip(reading.words, reading.texts, strict=True) if not word.has_digit]
    terms = read_terms(session, [text for text in asked if len(text) > 1 and text not in known.skipped])
    of_sites = {word for site in sites for word in (*site.all_words, site.code)} | set(known.other_names)
    for place, text in enumerate(reading.texts):
        word = reading.words[place]
        if word.has_digit or text in terms or text in known.understood or text in of_sites:
            continue
        if _begins_phrase(text, known):
            continue
        nearest = _nearest(text, known)
        if nearest is None or nearest[1] > 1:
            of_name = any(OSA.distance(text, name) <= 1 for name in of_sites if len(name) > _LEAST_SPELLED)
            term = None if of_name else correct(session, text)
            if term is not None:
                terms[text] = term
                reading.corrections += 1
                continue
            if of_name:
                continue
        if nearest is not None:
            reading.texts[place] = nearest[0]
            reading.corrections += 1
    return terms


def _begins_phrase(text: str, known: Lexicon) -> bool:
    books = (known.concepts, known.statuses, known.periods, known.numbers)
    return any(book.at([text], 0) is not None for book in books)


def _nearest(text: str, known: Lexicon) -> tuple[str, int] | None:
    """The word of questions that `text` is a slip of, and how far off it is."""
    if len(text) < _LEAST_SPELLED:
        return None
    allowed = 1 if len(text) < 7 else 2
    near = process.extract(text, known.vocabulary, scorer=OSA.distance, score_cutoff=allowed, limit=8)
    fitting = [(distance, word) for word, distance, _ in near if len(word) >= _LEAST_SPELLED and word[0] == text[0]]
    if not fitting and len(text) > 5:
        fitting = [(distance, word) for word, distance, _ in near if len(word) > 5]
    if not fitting:
        return None
    distance, word = min(fitting, key=lambda entry: (entry[0], -_common(text, entry[1]), entry[1]))
    return word, int(distance)


def _common(first: str, second: str) -> int:
    return next(
        (n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )


# --- codes and phrases ----------------------------------------------------------------------------------------------


def _hints(reading: Reading) -> dict[int, str]:
    """Place -> the kind of code that the words before it announce: ``lot A-77``, ``order no 12``."""
    hints: dict[int, str] = {}
    for hit in reading.lexicon.concepts.find(reading.texts):
        kinds = [_HINTS[value] for value in hit.values if value in _HINTS]
        place = hit.end
        while place < len(reading.texts) and reading.texts[place] in (
            "number",
            "no",
            "nr",
            "nummer",
            "numero",
            "n",
            "#",
        ):
            place += 1
        if not kinds or place >= len(reading.words):
            continue
        word = reading.words[place]
        is_code = word.has_digit or (word.raw.isupper() and word.text not in reading.lexicon.vocabulary)
        if is_code and place not in reading.taken:
            hints[place] = kinds[-1] if "lot" not in kinds else "lot"
    return hints


def _mark_phrases(reading: Reading) -> None:
    """Finds concepts, statuses, groups, directions; words of time and numbers stand between nothing."""
    coded = {code.place for code in reading.codes}
    places = [place for place in range(len(reading.texts)) if place not in reading.taken]
    told = [_BARRIER if place in coded else reading.texts[place] for place in places]
    known = reading.lexicon
    for hit in known.concepts.find(told):
        for place in places[hit.start : hit.end]:
            reading.concepts.setdefault(place, set()).update(hit.values)
    for hit in known.statuses.find(told):
        reading.said_statuses.append((frozenset(places[hit.start : hit.end]), hit.values))
    reading.group = _first(known.groups, told)
    reading.reason = _first(known.reasons, told)
    reading.direction = _first(known.directions, told)


def _first(book: Phrases, told: Sequence[str]) -> str:
    hits = book.find(told)
    return hits[0].values[0] if hits else ""


# --- names ----------------------------------------------------------------------------------------------------------


def _free(reading: Reading) -> set[int]:
    taken = reading.taken | {code.place for code in reading.codes}
    return {
        place for place, text in enumerate(reading.texts)
        if place not in taken and (text not in reading.lexicon.skipped or reading.words[place].raw.isupper())
    }  # fmt: skip


def _read_sites(reading: Reading, sites: Sequence[Entry]) -> None:
    for named in find_named(reading.texts, sites, reading.lexicon, _free(reading)):
        if _is_status_only(reading, named):
            continue
        role = _role(reading, named.start)
        reading.locations.setdefault(role, named.entry.value)
        if named.others:
            reading.unclear_locations = (named.entry, *named.others)
        for place in range(named.start, named.end):
            reading.concepts.pop(place, None)
            reading.taken.add(place)
        reading.corrections += named.is_fuzzy
    bin_code = reading.code("bin")
    if bin_code is not None:
        reading.locations.setdefault("location", bin_code.value)


def _is_status_only(reading: Reading, named: Named) -> bool:
    """``lots in quarantine`` asks for a status, also where a site is called so."""
    words = set(range(named.start, named.end))
    concepts = {concept for found in reading.concepts.values() for concept in found}
    return words <= reading.status_places and "lot" in concepts


def _role(reading: Reading, start: int) -> str:
    """How the words before a place tell which end it is."""
    end = start
    while end > 0 and reading.texts[end - 1] in ("the", "das", "dem", "der", "den", "la", "el", "o", "our", "unser"):
        end -= 1
    told = reading.texts
    if reading.lexicon.particle("from_place").ends_before(told, end):
        return "from_location"
    return "to_location" if reading.lexicon.particle("to_place").ends_before(told, end) else "location"


def _read_supplier(session: Session, reading: Reading, terms: Mapping[str, Term]) -> None:
    free = {place for place in _free(reading) if reading.texts[place] not in reading.lexicon.vocabulary}
    if not free:
        return
    for named in find_named(
        reading.texts, entries_of_suppliers(session, reading.lexicon.generic_names), reading.lexicon, free
    ):
        words = reading.texts[named.start : named.end]
        is_announced = _role(reading, named.start) == "from_location" or _says_supplier(reading)
        if is_announced or any(word not in terms for word in words):
            reading.supplier = named.entry.value
            reading.taken.update(range(named.start, named.end))
            reading.corrections += named.is_fuzzy
            return


def _says_supplier(reading: Reading) -> bool:
    said = {concept for found in reading.concepts.values() for concept in found}
    return bool(said & {"supplier", "purchase", "buy", "reorder", "ordering", "late", "expected", "delivery"})


def _read_product(session: Session, reading: Reading, terms: Mapping[str, Term]) -> None:
    open_places = [
        place for place in sorted(_free(reading))
        if place not in reading.concepts and place not in reading.status_places and not reading.words[place].has_digit
        and len(reading.texts[place]) > 1
        and not (reading.locations and reading.texts[place] in reading.lexicon.place_nouns)
    ]  # fmt: skip
    places = [place for place in open_places if reading.texts[place] in terms]
    reading.unknown = [place for place in open_places if place not in places]
    if not places or reading.code("sku") or reading.code("barcode"):
        return
    beside = [
        reading.texts[place] for place in range(min(places) - 2, max(places) + 3)
        if 0 <= place < len(reading.texts) and place not in places and place not in reading.taken
        and reading.texts[place] not in reading.lexicon.skipped
    ]  # fmt: skip
    asked = list(dict.fromkeys(reading.texts[place] for place in places))
    span = range(min(places), max(places) + 1)
    said = " ".join(reading.words[place].text for place in span if place not in reading.taken)
    whole = list(dict.fromkeys((said, " ".join(asked), " ".join(min(terms[text].tokens, key=len) for text in asked))))
    reading.products = find_products(session, [terms[text] for text in asked], whole=whole, beside=beside)
    reading.product_places = places
    _claim_neighbours(reading)


def _claim_neighbours(reading: Reading) -> None:
    """A word beside a product's words that its name holds as well is part of the name, not of the question."""
    meant = [reading.products.chosen] if reading.products.chosen else list(reading.products.choices)
    if not meant:
        return
    for step in (-1, 1):
        place = (min if step < 0 else max)(reading.product_places) + step
        while 0 <= place < len(reading.texts) and _is_in_all(reading.texts[place], meant):
            reading.concepts.pop(place, None)
            reading.product_places.append(place)
            place += step


def _is_in_all(text: str, products: Sequence[Product | None]) -> bool:
    return all(product is not None and any(form in product.words for form in forms(text)) for product in products)


# --- marks ----------------------------------------------------------------------------------------------------------


def _mark_slots(reading: Reading) -> None:
    marks = {concept for found in reading.concepts.values() for concept in found}
    if reading.sku or reading.products.choices:
        marks.add("@product")
    marks |= {f"@{code.kind}" for code in reading.codes if code.kind in NUMBERED or code.kind in ("lot", "bin")}
    if any(role in reading.locations for role in ("location", "from_location", "to_location")):
        marks.add(
            "@bin"
            if reading.code("bin") and reading.locations.get("location") == _value(reading, "bin")
            else "@location"
        )
    if reading.supplier:
        marks.add("@supplier")
    period, when = reading.when.period, reading.when
    if period is not None:
        marks.add("@period")
        marks.add("@future" if period.is_future or period.start > reading.today else "@past")
    if when.days is not None:
        marks.add("@days")
    if when.days is not None and when.is_over:
        marks.add("@over")
    if {"from_location", "to_location"} <= reading.locations.keys():
        marks.add("@route")
    _mark_numbers(reading, marks)
    reading.marks = marks


def _value(reading: Reading, kind: str) -> str:
    code = reading.code(kind)
    return code.value if code else ""


def _mark_numbers(reading: Reading, marks: set[str]) -> None:
    if reading.numbers.limit is not None:
        marks.add("@limit")
    if reading.numbers.threshold is not None:
        marks.add("@less")
    if reading.numbers.bucket:
        marks.add("@bucket")
    if reading.statuses:
        marks.add("@status")
    for status, mark in (("expired", "@expired"), ("backordered", "@backordered"), ("quarantine", "@held")):
        if status in reading.statuses:
            marks.add(mark)
    if "movement" in marks or "in_transit" in reading.statuses:
        marks.add("@moving")
    if reading.direction:
        marks.add("@direction")
    if reading.group:
        marks.add("@group")
    if reading.group == "location":
        marks.add("@by_location")
