"""Which product a question names in words: candidates from the catalogue's own token table, the best fifty compared.

Example::

    named = find_products(session, ["lunch", "bags"])
    named.variants   # twelve lunch bags fit alike: the question is unclear
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA
from sqlalchemy import exists, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from ambra_tui.services.questions.words import folded, read_words
from ambra_tui.services.search import begins_with, subjects_with
from ambra_tui.store.models import Product as ProductRow
from ambra_tui.store.models import SearchToken, Variant
from ambra_tui.store.scope import organization_of

KIND = "variant"
MAX_CANDIDATES = 50
MAX_CHOICES = 5
MAX_TERMS = 12
_PREFIX = 2
_LEAST_FUZZY = 5
_MAX_NEIGHBOURS = 3000
_COMPLETE = 0.999
_ENOUGH = 0.6
_MARGIN = 0.15
_UNSURE = 0.4


@dataclass(frozen=True, slots=True)
class Product:
    """A variant that fits."""

    id: str
    sku: str
    name: str
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Products:
    """What fits: one product, or several alike. `coverage`: how much of what was asked the best one's name holds."""

    chosen: Product | None = None
    choices: tuple[Product, ...] = ()
    coverage: float = 0.0
    is_complete: bool = False


@dataclass(slots=True)
class Term:
    """A word of the question and the catalogue's tokens that may be meant: token -> how many names hold it."""

    text: str
    tokens: dict[str, int] = field(default_factory=dict)
    is_corrected: bool = False

    @property
    def count(self) -> int:
        """How many names hold it."""
        return sum(self.tokens.values())


def forms(word: str) -> list[str]:
    """`word` in one and in many: bags, bag; boxes, box; tapetes, tapete."""
    found = [word]
    if len(word) > 3:
        found += [word[:-1]] if word.endswith(("s", "n", "e")) else [f"{word}s", f"{word}es"]
        if word.endswith(("es", "en", "er")):
            found.append(word[:-2])
        if word.endswith("ies"):
            found.append(f"{word[:-3]}y")
        if word.endswith("s"):
            found.append(f"{word}es")
    elif len(word) == 3:
        found += [f"{word}s"]
    return list(dict.fromkeys(found))


def read_terms(session: Session, texts: Sequence[str]) -> dict[str, Term]:
    """Word -> its term, for the words that the catalogue's names know in some form; two words that names write as one
    (cake stand) are known as a pair under both."""
    pairs = {f"{first}{second}": (first, second) for first, second in pairwise(texts)}
    wanted = {form: word for word in dict.fromkeys(texts) for form in reversed(forms(word))}
    asked = {*wanted, *(form for pair in pairs for form in forms(pair))}
    counts = _counts(session, asked) if asked else {}
    terms: dict[str, Term] = {}
    for word in dict.fromkeys(texts):
        known = {form: counts[form] for form in forms(word) if form in counts}
        if known:
            terms[word] = Term(word, known)
    for pair, both in pairs.items():
        known = {form: counts[form] for form in forms(pair) if form in counts}
        for word in both if known else ():
            terms.setdefault(word, Term(word)).tokens.update(known)
    return terms


def _counts(session: Session, tokens: Collection[str]) -> dict[str, int]:
    statement = (
        select(SearchToken.token, func.count())
        .where(
            SearchToken.organization_id == organization_of(session),
            SearchToken.kind == KIND,
            col(SearchToken.token).in_(sorted(tokens)),
        )
        .group_by(col(SearchToken.token))
    )
    return {token: int(count) for token, count in session.connection().execute(statement)}


def correct(session: Session, text: str) -> Term | None:
    """The catalogue's word that `text` is a slip of; words that begin alike are compared."""
    if len(text) < _LEAST_FUZZY or not text.isalpha():
        return None
    statement = (
        select(SearchToken.token)
        .where(
            SearchToken.organization_id == organization_of(session),
            SearchToken.kind == KIND,
            begins_with(session, col(SearchToken.token), text[:_PREFIX]),
            ~col(SearchToken.token).contains(" "),
            func.length(col(SearchToken.token)) <= len(text) + 2,
        )
        .distinct()
        .limit(_MAX_NEIGHBOURS)
    )
    near = [(OSA.distance(text, token), token) for token in session.connection().execute(statement).scalars()]
    allowed = 1 if len(text) < 7 else 2
    found = sorted((distance, token) for distance, token in near if distance <= allowed)
    if not found:
        completed = sorted(token for _, token in near if token.startswith(text))
        found = [(1, token) for token in completed[:1]]
    if not found:
        return None
    token = found[0][1]
    return Term(text, _counts(session, [token]), is_corrected=True)


def find_products(
    session: Session, terms: Sequence[Term], *, whole: Sequence[str] = (), beside: Collection[str] = ()
) -> Products:
    """The product whose name holds the terms. `whole`: how its name may have been said; `beside`: words next to the
    terms that may belong to the name too."""
    known = [term for term in terms if term.tokens][:MAX_TERMS]
    if not known:
        return Products()
    weights = {term.text: 1.0 / math.log2(2 + term.count) for term in known}
    ranked = _ranked(_candidates(session, known, whole), known, weights, beside)
    if not ranked:
        return Products()
    best = ranked[0][0]
    complete = [(near, product) for score, near, product in ranked if score >= _COMPLETE]
    if complete:
        return _chosen_of(complete, known)
    runner = ranked[1][0] if len(ranked) > 1 else 0.0
    if best >= _ENOUGH and best - runner >= _MARGIN:
        return Products(ranked[0][2], (), best)
    if best >= _UNSURE:
        return Products(None, _listed([p for score, _, p in ranked if score >= best - 0.01]), best)
    return Products()


def _chosen_of(complete: Sequence[tuple[int, Product]], terms: Sequence[Term]) -> Products:
    """Of products whose names hold every term: the one that is called exactly so, else the one whose name holds more
    of the words beside them, else all of them as choices."""
    exact = [product for _, product in complete if _is_exactly(product, terms)]
    nearest = complete[0][0]
    closest = [product for near, product in complete if near == nearest and nearest > 0]
    for chosen in ([product for _, product in complete], exact, closest):
        if len(chosen) == 1:
            return Products(chosen[0], (), 1.0, is_complete=True)
    return Products(None, _listed(closest or [product for _, product in complete]), 1.0, is_complete=True)


def _listed(products: Iterable[Product]) -> tuple[Product, ...]:
    return tuple(sorted(products, key=lambda product: product.sku)[:MAX_CHOICES])


def _is_exactly(product: Product, terms: Sequence[Term]) -> bool:
    meant = {token for term in terms for token in term.tokens}
    return all(word in meant for word in product.words if not word.isdigit() and len(word) > 1)


def _candidates(session: Session, terms: Sequence[Term], whole: Sequence[str]) -> list[Product]:
    """Products called so; those whose names hold every term; else all but one; else the rarest one."""
    ids: dict[str, None] = {}
    for name in whole:
        ids.update(dict.fromkeys(subjects_with(session, KIND, name)))
    by_count = sorted(terms, key=lambda term: term.count)
    ids.update(dict.fromkeys(_with_all(session, by_count)))
    if not ids and len(by_count) > 1:
        for left_out in reversed(by_count):
            ids.update(dict.fromkeys(_with_all(session, [term for term in by_count if term is not left_out])))
    return products_by_id(session, list(ids)[: 2 * MAX_CANDIDATES])


def _with_all(session: Session, terms: Sequence[Term]) -> list[str]:
    """Ids of variants whose names hold all the terms; the first one, the rarest, leads."""
    first, *others = terms
    token, subject = col(SearchToken.token), col(SearchToken.subject_id)
    own = organization_of(session)
    statement = select(subject).where(
        SearchToken.organization_id == own, SearchToken.kind == KIND, token.in_(sorted(first.tokens))
    )
    for term in others:
        also = aliased(SearchToken)
        statement = statement.where(
            exists()
            .where(
                col(also.organization_id) == own,
                col(also.kind) == KIND,
                col(also.token).in_(sorted(term.tokens)),
                col(also.subject_id) == subject,
            )
            .correlate(SearchToken)
        )
    found = session.connection().execute(statement.distinct().order_by(subject).limit(MAX_CANDIDATES))
    return list(found.scalars())


def products_by_id(session: Session, ids: Sequence[str]) -> list[Product]:
    """Products with these ids of variants."""
    if not ids:
        return []
    own = organization_of(session)
    statement = (
        select(Variant.id, Variant.sku, Variant.name, ProductRow.name)
        .join(ProductRow, (col(ProductRow.organization_id) == own) & (col(ProductRow.id) == col(Variant.product_id)))
        .where(Variant.organization_id == own, ProductRow.organization_id == own, col(Variant.id).in_(ids))
    )
    rows: Iterable[Any] = session.connection().execute(statement)
    return [Product(row[0], row[1], _full_name(row[2], row[3]), _name_words(row[2], row[3])) for row in rows]


def _full_name(name: str, product_name: str) -> str:
    return name if product_name in name else f"{product_name} {name}"


def _name_words(*names: str) -> frozenset[str]:
    words = [word for name in names for word in read_words(name)]
    return frozenset(piece for word in words for piece in (word.text, *folded(word.raw).split("-")) if piece)


def _ranked(
    products: Sequence[Product], terms: Sequence[Term], weights: Mapping[str, float], beside: Collection[str]
) -> list[tuple[float, int, Product]]:
    """Each with the share of the terms' weight that its name holds, and how many words beside it holds as well."""
    total = sum(weights.values())
    asked = " ".join(term.text for term in terms)
    scored = []
    for product in products:
        held = sum(weights[term.text] for term in terms if any(token in product.words for token in term.tokens))
        near = sum(1 for text in beside if any(form in product.words for form in forms(text)))
        scored.append((held / total, near, fuzz.token_sort_ratio(asked, folded(product.name)), product))
    scored.sort(key=lambda entry: (-round(entry[0], 6), -entry[1], -entry[2], entry[3].sku))
    return [(share, near, product) for share, near, _, product in scored]
