"""Exact codes in a question: SKUs, barcodes, documents, lots, bins; found in the store before anything is guessed.

Example::

    find_codes(session, words, hints={}, taken=set())   # [Code(kind='sku', value='22423', place=2, is_known=True)]
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from ambra_tui.services.catalog import find_variant_by_sku, match_text
from ambra_tui.services.questions.words import Word
from ambra_tui.services.search import fold, subjects_with
from ambra_tui.store.models import (
    CycleCount,
    Location,
    Lot,
    ProductionBatch,
    PurchaseOrder,
    ReturnAuthorization,
    SalesOrder,
    StockTransfer,
    Variant,
)
from ambra_tui.store.scope import organization_of, scoped

MAX_CODES = 6
MAX_CODE = 60
NUMBERED: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "order": (SalesOrder, ("SO", "ORD")),
    "po": (PurchaseOrder, ("PO",)),
    "transfer": (StockTransfer, ("TR", "ST", "TRF")),
    "count": (CycleCount, ("CC",)),
    "return": (ReturnAuthorization, ("RMA", "RET")),
    "batch": (ProductionBatch, ("PB", "MO", "WO")),
}
_KIND_OF_PREFIX = {prefix: kind for kind, (_, prefixes) in NUMBERED.items() for prefix in prefixes}
_SHAPE = re.compile(r"([A-Za-z]{2,3})[-_ ]?([0-9]+)")
_CODE_LIKE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]*")
_SKU_LIKE = re.compile(r"[0-9]{3}|[A-Za-z]-[0-9]|[0-9]-[A-Za-z]")
_DIGITS = re.compile(r"[0-9]+")
_LEAST_UNKNOWN_SKU, _LEAST_PART = 4, 2


@dataclass(frozen=True, slots=True)
class Code:
    """`kind`: sku, barcode, bin, lot, or a document's; `value`: as the store spells it, else as it was typed.
    `subject_id`: the variant, lot or location; `place`: its word; `is_known`: the store has it."""

    kind: str
    value: str
    place: int
    is_known: bool = True
    subject_id: str = ""


def find_codes(
    session: Session, words: Sequence[Word], *, hints: Mapping[int, str], taken: Collection[int]
) -> list[Code]:
    """The codes among `words`. `hints`: place -> the kind that the words before it announce."""
    places = [
        place
        for place, word in enumerate(words)
        if place not in taken and len(word.raw) <= MAX_CODE and _CODE_LIKE.fullmatch(word.raw)
        and (word.has_digit or place in hints or _is_shouted(word, words))
    ]  # fmt: skip
    found: list[Code | None] = []
    for place in places[: 2 * MAX_CODES]:
        code = _code(session, words[place], place, hints.get(place, ""))
        if place > 0 and place - 1 not in taken and place not in hints and (code is None or not code.is_known):
            code = _in_two(session, words[place - 1], words[place], place) or code
        found.append(code)
    return [code for code in found if code is not None][:MAX_CODES]


def _in_two(session: Session, before: Word, word: Word, place: int) -> Code | None:
    """A SKU that is written as two words: ``MILK 1L`` for ``MILK-1L``."""
    if before.has_digit or len(before.raw) < _LEAST_PART or not _CODE_LIKE.fullmatch(before.raw):
        return None
    return _sku(session, f"{before.raw}-{word.raw}", place)


def _is_shouted(word: Word, words: Sequence[Word]) -> bool:
    """A word in capitals among others that are not may be a SKU without digits."""
    return len(word.raw) > 1 and word.raw.isupper() and not all(other.raw.isupper() for other in words if other.raw)


def _code(session: Session, word: Word, place: int, hint: str) -> Code | None:
    finders = dict.fromkeys((*((hint,) if hint else ()), "sku", *NUMBERED, "lot", "bin", "barcode"))
    for kind in finders:
        if kind in NUMBERED:
            code = _numbered(session, kind, word.raw, place, is_hinted=kind == hint)
        else:
            code = _FINDERS[kind](session, word.raw, place)
        if code is not None:
            return code
    return _unknown(word, place, hint)


def _unknown(word: Word, place: int, hint: str) -> Code | None:
    shape = _SHAPE.fullmatch(word.raw)
    kind = hint or (_KIND_OF_PREFIX.get(shape[1].upper(), "") if shape else "")
    if kind and word.has_digit:
        spelled = f"{shape[1].upper()}-{shape[2]}" if shape and kind in NUMBERED else word.raw
        return Code(kind, spelled, place, is_known=False)
    if len(word.raw) >= _LEAST_UNKNOWN_SKU and _SKU_LIKE.search(word.raw):
        return Code("sku", word.raw, place, is_known=False)
    return None


def spellings(text: str, prefixes: Sequence[str]) -> list[str]:
    """How a document's number may be stored: ``so536365`` is ``SO-536365``, and so is ``536365`` where it is hinted."""
    shape = _SHAPE.fullmatch(text)
    found = [text, text.upper()]
    if shape:
        found += [f"{shape[1].upper()}-{shape[2]}", f"{shape[1].upper()}{shape[2]}"]
    if _DIGITS.fullmatch(text):
        found += [f"{prefix}-{text}" for prefix in prefixes]
        found += [f"{prefix}-{text.zfill(6)}" for prefix in prefixes]
    return list(dict.fromkeys(found))


def _numbered(session: Session, kind: str, text: str, place: int, *, is_hinted: bool) -> Code | None:
    model, prefixes = NUMBERED[kind]
    statement = select(model.id, model.number).where(
        model.organization_id == organization_of(session),
        col(model.number).in_(spellings(text, prefixes if is_hinted else ())),
    )
    row = session.exec(statement.limit(1)).first()
    return Code(kind, row[1], place, subject_id=row[0]) if row else None


def _sku(session: Session, text: str, place: int) -> Code | None:
    statement = select(Variant.id, Variant.sku).where(
        Variant.organization_id == organization_of(session), col(Variant.sku).in_({text, text.upper(), text.lower()})
    )
    row = session.exec(statement.limit(1)).first()
    if row is not None:
        return Code("sku", row[1], place, subject_id=row[0])
    variant = find_variant_by_sku(session, text) if not text.isdigit() else None
    return Code("sku", variant.sku, place, subject_id=variant.id) if variant else None


def _barcode(session: Session, text: str, place: int) -> Code | None:
    match = match_text(session, text) if len(text) >= 6 else None
    return Code("sku", match.variant.sku, place, subject_id=match.variant.id) if match else None


def _lot(session: Session, text: str, place: int) -> Code | None:
    ids = subjects_with(session, "lot", fold(text))
    if not ids:
        return None
    lot = session.exec(scoped(session, Lot).where(col(Lot.id).in_(ids)).order_by(col(Lot.id)).limit(1)).first()
    return Code("lot", lot.lot_number, place, subject_id=lot.id) if lot else None


def _bin(session: Session, text: str, place: int) -> Code | None:
    spelled = {text, text.upper()}
    statement = scoped(session, Location).where(
        col(Location.barcode).in_(spelled) | col(Location.code).in_(spelled), col(Location.site_id).is_not(None)
    )
    found = session.exec(statement.limit(1)).first()
    return Code("bin", found.code, place, subject_id=found.id) if found else None


_FINDERS: Mapping[str, Any] = {"sku": _sku, "barcode": _barcode, "lot": _lot, "bin": _bin}
