"""Lots of a variant: found or made at receipt, looked at, quarantined, recalled.

Example::

    lot = find_or_create_lot(session, variant=variant, lot_number="M130", expiry_date=date(2026, 7, 15))
    change_lot_status(session, lot_id=lot.id, status="quarantine", reason="seal broken")
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from sqlmodel import Session, col

from ambra_tui import ledger
from ambra_tui.errors import Conflict, Duplicate, Invalid, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import ZERO
from ambra_tui.kit.text import clean_line
from ambra_tui.services.rows import add_unique
from ambra_tui.services.search import index_subject
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import Lot, StockLevel, Variant
from ambra_tui.store.scope import fetch, now_of, organization_of, scoped
from ambra_tui.store.types import EMPTY

MAX_LOT_NUMBER = 60
LOT_STATES = ("active", "quarantine", "exhausted", "recalled")
DATES = ("expiry_date", "best_before_date", "production_date")
CHOSEN_STATES = ("active", "quarantine", "recalled")


class ExpiryDiffers(Conflict):
    """The lot is known with another date than the one given: one of the two is wrong."""

    def __init__(self, lot: Lot, stored: date, given: date) -> None:
        super().__init__(
            f"Lot {lot.lot_number} expires on {stored.isoformat()}, not on {given.isoformat()}. "
            "Check the label; nothing was saved.",
            details={"expiry_date": stored.isoformat(), "given": given.isoformat()},
        )
        self.lot, self.stored, self.given = lot, stored, given


def find_lot(session: Session, variant_id: str, lot_number: str) -> Lot | None:
    """The lot of a variant with this number."""
    statement = scoped(session, Lot).where(Lot.variant_id == variant_id, Lot.lot_number == lot_number.strip())
    return session.exec(statement).first()


def find_or_create_lot(
    session: Session,
    *,
    variant: Variant,
    lot_number: str,
    expiry_date: date | None = None,
    best_before_date: date | None = None,
    production_date: date | None = None,
) -> Lot:
    """The lot with this number, made when it is new.

    A date that the lot lacks is filled in, a missing one never blanks it. Raises ExpiryDiffers when the lot is known
    with another expiry or best-before date.
    """
    found = find_lot(session, variant.id, lot_number)
    if found is None:
        made = create_lot(
            session,
            variant_id=variant.id,
            lot_number=lot_number,
            expiry_date=expiry_date,
            best_before_date=best_before_date,
            production_date=production_date,
        )
        _note_dates(session, made.id, DATES)
        return made
    for name, given in (("expiry_date", expiry_date), ("best_before_date", best_before_date)):
        stored = getattr(found, name)
        if given is not None and stored is not None and stored != given:
            raise ExpiryDiffers(found, stored, given)
    given_dates = {
        "expiry_date": expiry_date, "best_before_date": best_before_date, "production_date": production_date,
    }  # fmt: skip
    missing = {name: day for name, day in given_dates.items() if day is not None and getattr(found, name) is None}
    if missing:
        _note_dates(session, found.id, missing)
        for name, day in missing.items():
            setattr(found, name, day)
        found.updated_at = now_of(session)
        session.add(found)
        session.flush()
        audit(session, "lot_dated", found.id, **{name: day.isoformat() for name, day in missing.items()})
    return found


def _note_dates(session: Session, lot_id: str, names: Iterable[str]) -> None:
    session.info.setdefault("lot_dates", {}).setdefault(lot_id, []).extend(names)


def dates_read(session: Session) -> dict[str, list[str]]:
    """Lot id -> the dates that `find_or_create_lot` has filled in since this session began."""
    return {lot_id: list(names) for lot_id, names in session.info.get("lot_dates", {}).items()}


def forget_dates(session: Session, lot_id: str, names: Iterable[str]) -> None:
    """The receipt that told these dates was taken back: a lot without stock no longer claims them."""
    held = scoped(session, StockLevel).where(
        StockLevel.lot_id == lot_id, col(StockLevel.lot_id) != EMPTY, col(StockLevel.on_hand) > ZERO
    )
    lot = session.get(Lot, (organization_of(session), lot_id))
    if lot is None or session.exec(held.limit(1)).first() is not None:
        return
    for name in DATES:
        if name in names:
            setattr(lot, name, None)
    lot.updated_at = now_of(session)
    session.add(lot)
    session.flush()
    audit(session, "lot_dates_forgotten", lot.id, dates=sorted(names))


def create_lot(
    session: Session,
    *,
    variant_id: str,
    lot_number: str,
    expiry_date: date | None = None,
    best_before_date: date | None = None,
    production_date: date | None = None,
) -> Lot:
    """A new lot. Raises Duplicate when the variant has one of this number."""
    variant = fetch(session, Variant, variant_id, resource="variant")
    if expiry_date is not None and production_date is not None and production_date > expiry_date:
        raise Invalid("the lot would expire before it was made", field="production_date")
    now = now_of(session)
    lot = Lot(
        organization_id=organization_of(session),
        id=new_id("lot"),
        variant_id=variant.id,
        lot_number=clean_line(lot_number, field="lot_number", max_length=MAX_LOT_NUMBER),
        expiry_date=expiry_date,
        best_before_date=best_before_date,
        production_date=production_date,
        created_at=now,
        updated_at=now,
    )
    taken = Duplicate("lot", "lot_number", lot.lot_number)
    if find_lot(session, variant.id, lot.lot_number) is not None:
        raise taken
    add_unique(session, lot, taken)
    index_subject(session, "lot", lot.id, lot.lot_number)
    publish(session, "lot_created", lot.id, {"lot_number": lot.lot_number, "variant_id": variant.id})
    return lot


def get_lot(session: Session, lot_id: str) -> Lot:
    """The lot with this id. Raises NotFound."""
    return fetch(session, Lot, lot_id, resource="lot")


def correct_dates(session: Session, lot: Lot, dates: Mapping[str, date], *, reason: str = "") -> Lot:
    """Dates of a lot (`DATES`) that were noted wrongly; its stock leaves by the right ones from now on."""
    why = clean_line(reason, field="reason", required=False)
    changed = {name: day for name, day in dates.items() if getattr(lot, name) != day}
    before = {name: getattr(lot, name) for name in changed}
    for name, day in changed.items():
        setattr(lot, name, day)
    if not changed:
        return lot
    lot.updated_at = now_of(session)
    session.add(lot)
    session.flush()
    told = {name: day.isoformat() for name, day in changed.items()}
    audit(session, "lot_dated", lot.id, **told, before={n: d and d.isoformat() for n, d in before.items()}, reason=why)
    publish(session, "lot_dated", lot.id, told)
    return lot


def change_lot_status(session: Session, *, lot_id: str, status: str, reason: str = "") -> Lot:
    """Quarantine, recall or free a lot; its stock is held or usable from that moment.

    Exhausted is not chosen: a lot becomes it when its last stock leaves. Raises WrongState where nothing would change.
    """
    if status not in CHOSEN_STATES:
        raise Invalid(f"status is one of {', '.join(CHOSEN_STATES)}", field="status")
    why = clean_line(reason, field="reason", required=False)
    lot = get_lot(session, lot_id)
    before = lot.status
    if before == status or (before == "exhausted" and status == "active"):
        raise WrongState("lot", lot.lot_number, state=before, step=f"make {status}")
    ledger.set_lot_status(session, lot, status)
    lot.updated_at = now_of(session)
    session.add(lot)
    session.flush()
    audit(session, "lot_status_changed", lot.id, lot_number=lot.lot_number, before=before, after=status, reason=why)
    return lot
