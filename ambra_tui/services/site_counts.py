"""On hand of a site set to what was counted, and when somebody counted last.

A count tells the truth: it may take what is promised, and never fails for it. What it misses is taken from the bins
first, then from what was picked already, last from what is held.

Example::

    set_on_hand(session, [Counted(milk, wh1, Decimal(195), reason="Physical count")], idempotency_key="c1")
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import Conflict
from ambra_tui.kit.ids import derived_id
from ambra_tui.kit.quantity import ZERO
from ambra_tui.ledger import INVENTORY_LOSS, Guard, MoveKind, Posted, Posting, in_stock
from ambra_tui.services.adjustments import DOCUMENT
from ambra_tui.store.facts import audit
from ambra_tui.store.models import LastCount, Location, Site, SiteStock, StockLevel, Variant, table_of
from ambra_tui.store.prepared import ORGANIZATION, Prepared, given
from ambra_tui.store.scope import is_alone, now_of, organization_of

Key = tuple[str, str]
"""Variant id, site id."""
MAX_LISTED = 500


@dataclass(frozen=True, slots=True)
class Counted:
    """What somebody says that a site holds of a variant. `is_count`: it was counted, not only told."""

    variant: Variant
    site: Site
    quantity: Decimal
    reason: str = ""
    note: str = ""
    is_count: bool = True

    @property
    def key(self) -> Key:
        """What it is of."""
        return self.variant.id, self.site.id


@dataclass(frozen=True, slots=True)
class SetOnHand:
    """What a count changed; nothing when `delta` is 0."""

    id: str
    counted: Counted
    before: Decimal
    posted_at: datetime

    @property
    def delta(self) -> Decimal:
        """After minus before."""
        return self.counted.quantity - self.before


def on_hand_of(session: Session, keys: Iterable[Key]) -> dict[Key, Decimal]:
    """What each site holds of each variant, locked until the transaction ends; absent where it never held any."""
    wanted = set(keys)
    variants = sorted({variant_id for variant_id, _ in wanted})
    found: dict[Key, Decimal] = {}
    for first in range(0, len(variants), MAX_LISTED):
        statement = (
            select(col(SiteStock.variant_id), col(SiteStock.site_id), col(SiteStock.on_hand))
            .where(
                SiteStock.organization_id == organization_of(session),
                col(SiteStock.variant_id).in_(variants[first : first + MAX_LISTED]),
                col(SiteStock.site_id).in_(sorted({site_id for _, site_id in wanted})),
            )
            .order_by(col(SiteStock.variant_id), col(SiteStock.site_id))
        )
        rows = session.exec(statement if is_alone(session) else statement.with_for_update()).all()
        found |= {(variant_id, site_id): on_hand for variant_id, site_id, on_hand in rows}
    return found


def set_on_hand(
    session: Session, counts: Sequence[Counted], *, idempotency_key: str, before: dict[Key, Decimal] | None = None
) -> list[SetOnHand]:
    """Posts the difference of each count, all or none, in their order; a second count of the same goes by the first.

    `before`: what `on_hand_of` told. Raises Conflict when a site changed meanwhile, Invalid without a place to receive.
    """
    if len({count.key for count in counts}) < len(counts):
        return [
            made
            for number, count in enumerate(counts)
            for made in set_on_hand(session, [count], idempotency_key=f"{idempotency_key}.{number}")
        ]
    known = dict(on_hand_of(session, [count.key for count in counts]) if before is None else before)
    done: list[SetOnHand] = []
    postings: list[Posting] = []
    lasts: dict[int, Decimal] = {}
    for number, count in enumerate(counts):
        key = f"{idempotency_key}:{number}"
        made = SetOnHand(
            derived_id("adj", str(organization_of(session)), key), count, known.get(count.key, ZERO), now_of(session)
        )
        done.append(made)
        postings += _postings(session, made, key)
        if made.delta:
            lasts[len(postings) - 1] = count.quantity
    posted = ledger.post(session, postings) if postings else []
    _check(posted, lasts)
    ledger.mirror_policies(session, [made.counted.key for made in done if not made.delta and not made.before])
    for made in done:
        _note(session, made)
    note_counts(session, {made.counted.key: made.posted_at for made in done if made.counted.is_count})
    return done


def _postings(session: Session, made: SetOnHand, key: str) -> list[Posting]:
    count = made.counted
    base = Posting(
        variant_id=count.variant.id, source_id=INVENTORY_LOSS, destination_id=INVENTORY_LOSS, quantity=abs(made.delta),
        kind=MoveKind.CYCLE_COUNT_ADJUSTMENT if count.is_count else MoveKind.MANUAL_ADJUSTMENT, idempotency_key=key,
        guard=Guard.PHYSICAL, reason=count.reason, note=count.note, origin_kind=DOCUMENT, origin_id=made.id,
    )  # fmt: skip
    if made.delta == ZERO:
        return []
    if made.delta > ZERO:
        place = ledger.receiving_location(session, site_id=count.site.id, variant=count.variant)
        return [replace(base, destination_id=place.id)]
    return [
        replace(
            base,
            source_id=level.location_id,
            quantity=quantity,
            lot_id=level.lot_id,
            serial=level.serial,
            plate_id=level.plate_id,
            idempotency_key=f"{key}:{part}",
        )
        for part, (level, quantity) in enumerate(_missing_from(session, made))
    ]


_HELD: Prepared[StockLevel] = Prepared(
    in_stock(select(StockLevel, Location), ORGANIZATION)
    .where(
        StockLevel.variant_id == given("variant_id"),
        Location.site_id == given("site_id"),
    )
    .order_by(col(Location.code), col(StockLevel.lot_id), col(StockLevel.serial))
    .execution_options(populate_existing=True)
)


def _missing_from(session: Session, made: SetOnHand) -> list[tuple[StockLevel, Decimal]]:
    """The levels that a count of less is taken from, and how much of each. Raises Conflict when that is not there."""
    rest = -made.delta
    taken: dict[tuple[str, ...], tuple[StockLevel, Decimal]] = {}
    for level, free in _levels(session, made.counted):
        key = (level.variant_id, level.location_id, level.lot_id, level.serial, level.plate_id)
        before = taken[key][1] if key in taken else ZERO
        part = max(min(rest, free - before), ZERO)
        if part:
            taken[key] = level, before + part
        rest -= part
        if rest == ZERO:
            return list(taken.values())
    raise Conflict(f"{made.counted.variant.sku} moved at {made.counted.site.name} while it was counted: count again")


def _levels(session: Session, count: Counted) -> Iterator[tuple[StockLevel, Decimal]]:
    for is_physical in (False, True):
        for source in ledger.open_sources(
            session, site_id=count.site.id, variant_id=count.variant.id, is_physical=is_physical
        ):
            yield source.level, source.quantity
    for level, _ in _HELD.rows(session, variant_id=count.variant.id, site_id=count.site.id):
        yield level, level.on_hand


def _check(posted: Sequence[Posted], lasts: dict[int, Decimal]) -> None:
    for place, quantity in lasts.items():
        balance = posted[place].destination_balance
        if (posted[place].source_balance if balance is None else balance) != quantity:
            raise Conflict("The stock changed while it was set. Read it again, then decide.")


def _note(session: Session, made: SetOnHand) -> None:
    if made.delta:
        audit(
            session, "inventory_adjusted", made.counted.variant.id, sku=made.counted.variant.sku,
            site=made.counted.site.code, quantity=str(made.delta),
        )  # fmt: skip


def note_counts(session: Session, moments: Mapping[Key, datetime]) -> None:
    """Somebody counted these variants in these sites at these moments; a later count stays."""
    wanted = sorted(moments)
    if not wanted:
        return
    session.flush()
    insert = sqlite.insert if is_alone(session) else postgresql.insert
    for first in range(0, len(wanted), MAX_LISTED):
        fresh = insert(LastCount).values(
            [
                {
                    "organization_id": organization_of(session),
                    "variant_id": variant_id,
                    "site_id": site_id,
                    "counted_at": moments[variant_id, site_id],
                }
                for variant_id, site_id in wanted[first : first + MAX_LISTED]
            ]
        )
        session.connection().execute(
            fresh.on_conflict_do_update(
                index_elements=["organization_id", "variant_id", "site_id"],
                set_={"counted_at": fresh.excluded.counted_at},
                where=table_of(LastCount).c.counted_at < fresh.excluded.counted_at,
            )
        )
