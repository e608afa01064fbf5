"""Posts stock moves: one posting or many, in the transaction of a session or in the writer's batches.

Example::

    posted = post(session, [Posting(variant.id, SUPPLIER, dock.id, Decimal(12), MoveKind.PURCHASE_RECEIVED, "r-1:1")])
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy.engine import Connection
from sqlmodel import Session, col, select

from ambra_tui.errors import AmbraError, InsufficientStock, Invalid, KeyReused, NotFound, Shortage, WrongState
from ambra_tui.kit.clock import Clock, from_microseconds, to_microseconds
from ambra_tui.kit.ids import derived_id
from ambra_tui.kit.quantity import to_decimal, to_scaled
from ambra_tui.ledger.books import Books, Move, Short, apply
from ambra_tui.ledger.gateway import Gateway, KnownMove, Stamp, gateway_for
from ambra_tui.ledger.posting import Guard, Posted, Posting
from ambra_tui.ledger.status import STATUS_FELL, told
from ambra_tui.store.models import Lot, MoveKind, SiteStock, StockLevel, StockMove, Variant
from ambra_tui.store.scope import NOBODY, Actor, actor_of, now_of, organization_of
from ambra_tui.store.writer import Writer

MAX_KEY_LENGTH = 300
Outcome = Posted | AmbraError


def move_id(organization_id: int, idempotency_key: str) -> str:
    """The id of the move that a key posts: the same key has the same id."""
    return derived_id("mov", str(organization_id), idempotency_key)


def post(session: Session, postings: Sequence[Posting]) -> list[Posted]:
    """Posts all of `postings` in order, or none.

    Raises InsufficientStock with every short line, or the first other refusal.
    A posting whose idempotency key was posted before answers what the first did, with `repeated` true.
    """
    session.flush()
    organization_id = organization_of(session)
    outcomes = post_batch(
        session.connection(), organization_id, postings, actor=actor_of(session), now=now_of(session), atomic=True
    )
    errors = [outcome for outcome in outcomes if isinstance(outcome, AmbraError)]
    short = [error for error in errors if isinstance(error, InsufficientStock)]
    if len(short) == len(errors) and short:
        raise InsufficientStock([shortage for error in short for shortage in error.shortages])
    if errors:
        raise next(error for error in errors if not isinstance(error, InsufficientStock))
    _forget(session, postings)
    return [outcome for outcome in outcomes if isinstance(outcome, Posted)]


def submit(writer: Writer, posting: Posting, *, organization_id: int, actor: Actor = NOBODY) -> Future[Posted]:
    """Posts one posting through the writer's batches, the fastest way; the future answers after the commit."""
    return writer.submit_item(_post_items, posting, organization_id=organization_id, actor=actor)


def _post_items(
    connection: Connection, organization_id: int, items: Sequence[tuple[Posting, Actor]], clock: Clock
) -> Sequence[Outcome]:
    now = clock.now()
    stamps: dict[Actor, Stamp] = {}
    postings = [(posting, stamps.get(actor) or _stamp(stamps, organization_id, actor, now)) for posting, actor in items]
    gateway = gateway_for(connection)
    gateway.enter(organization_id)
    return apply_batch(gateway, postings[0][1], postings, atomic=False)


def _stamp(stamps: dict[Actor, Stamp], organization_id: int, actor: Actor, now: datetime) -> Stamp:
    stamps[actor] = Stamp(organization_id, actor.id, actor.station, to_microseconds(now), now)
    return stamps[actor]


def reverse(session: Session, original_id: str, *, idempotency_key: str, reason: str = "") -> Posted:
    """Posts the reverse of a move, at the original's cost. Raises WrongState when it was reversed before, and
    InsufficientStock when what it brought is no longer there."""
    organization_id = organization_of(session)
    original = session.exec(
        select(StockMove).where(StockMove.organization_id == organization_id, StockMove.id == original_id)
    ).one_or_none()
    if original is None:
        raise NotFound("stock_move", original_id)
    _refuse_second_reversal(session, original, idempotency_key)
    posting = Posting(
        variant_id=original.variant_id,
        source_id=original.destination_id,
        destination_id=original.source_id,
        quantity=original.quantity,
        kind=MoveKind.REVERSAL,
        idempotency_key=idempotency_key,
        lot_id=original.lot_id,
        serial=original.serial,
        plate_id=original.destination_plate_id,
        destination_plate_id=original.plate_id,
        guard=Guard.FREE,
        reason=reason,
        unit_cost=original.unit_cost,
        origin_kind=original.origin_kind,
        origin_id=original.origin_id,
        origin_line_id=original.origin_line_id,
        reverses_id=original.id,
    )
    return post(session, [posting])[0]


def _refuse_second_reversal(session: Session, original: StockMove, idempotency_key: str) -> None:
    organization_id = original.organization_id
    earlier = session.exec(
        select(StockMove.id).where(StockMove.organization_id == organization_id, StockMove.reverses_id == original.id)
    ).first()
    if earlier and earlier != move_id(organization_id, idempotency_key):
        raise WrongState("stock_move", original.id, state="reversed", step="reverse")


def post_batch(
    connection: Connection,
    organization_id: int,
    postings: Sequence[Posting],
    *,
    actor: Actor,
    now: datetime,
    atomic: bool = False,
) -> list[Outcome]:
    """Decides each posting in order and writes those that hold; with `atomic`, writes nothing when any is refused."""
    gateway = gateway_for(connection)
    stamp = Stamp(organization_id, actor.id, actor.station, to_microseconds(now), now)
    return apply_batch(gateway, stamp, [(posting, stamp) for posting in postings], atomic=atomic)


def apply_batch(
    gateway: Gateway, batch_stamp: Stamp, postings: Sequence[tuple[Posting, Stamp]], *, atomic: bool
) -> list[Outcome]:
    """`post_batch` on a gateway; each posting carries the stamp of who asked for it."""
    if not postings:
        return []
    organization_id = batch_stamp.organization_id
    ids = [move_id(organization_id, posting.idempotency_key) for posting, _ in postings]
    known, books = gateway.load(organization_id, ids, [posting for posting, _ in postings])
    outcomes: list[Outcome] = []
    moves: list[tuple[Move, Stamp]] = []
    first: dict[str, Posted] = {}
    for (posting, stamp), key in zip(postings, ids, strict=True):
        if key in known:
            outcomes.append(_repeat(posting, known[key]))
        elif key in first:
            outcomes.append(replace(first[key], repeated=True))
        else:
            outcome = _decide(books, posting, key, stamp, moves)
            if isinstance(outcome, Posted):
                first[key] = outcome
            outcomes.append(outcome)
    if moves and not (atomic and any(isinstance(outcome, AmbraError) for outcome in outcomes)):
        _save(gateway, batch_stamp, books, moves)
    return outcomes


def _decide(books: Books, posting: Posting, key: str, stamp: Stamp, moves: list[tuple[Move, Stamp]]) -> Outcome:
    if not posting.idempotency_key or len(posting.idempotency_key) > MAX_KEY_LENGTH:
        return Invalid(f"an idempotency key has 1 to {MAX_KEY_LENGTH} characters", field="idempotency_key")
    try:
        move = apply(books, posting, key)
    except Short as short:
        return InsufficientStock(
            [
                Shortage(
                    sku=posting.variant_id,
                    requested=posting.quantity,
                    available=to_decimal(short.available),
                    variant_id=posting.variant_id,
                    location_code=short.location_code,
                    line_id=posting.origin_line_id,
                )
            ]
        )
    except AmbraError as error:
        return error
    moves.append((move, stamp))
    return Posted(
        id=move.id,
        quantity=posting.quantity,
        source_balance=_decimal(move.source_balance),
        destination_balance=_decimal(move.destination_balance),
        posted_at=stamp.moment,
    )


def _save(gateway: Gateway, stamp: Stamp, books: Books, moves: Sequence[tuple[Move, Stamp]]) -> None:
    organization_id = stamp.organization_id
    changed_levels = {k: v for k, v in books.levels.items() if v.before is None or v.before != (v.on_hand, v.allocated)}
    events = [_event(move) for move, _ in moves]
    events += _fallen(books)
    events += [_overdrawn(gateway, organization_id, key) for key in dict.fromkeys(books.overdrawn)]
    with gateway.together():
        gateway.save_levels(organization_id, changed_levels)
        gateway.save_totals(stamp, books.totals)
        gateway.save_moves(moves)
        gateway.save_events(stamp, events)
    _save_lots(gateway, stamp, books)


def _event(move: Move) -> tuple[str, str, str]:
    posting = move.posting
    sites = f'"{move.source_site_id}","{move.destination_site_id}"'
    return "stock_moved", posting.variant_id, f'{{"move":"{move.id}","kind":"{posting.kind}","sites":[{sites}]}}'


def _fallen(books: Books) -> list[tuple[str, str, str]]:
    falls = [(key, fall) for key, total in books.totals.items() if (fall := total.fall) is not None]
    return [(STATUS_FELL, variant_id, json.dumps(told(site_id, fall))) for (variant_id, site_id), fall in falls]


def _overdrawn(gateway: Gateway, organization_id: int, key: tuple[str, str]) -> tuple[str, str, str]:
    documents = gateway.reserving_documents(organization_id, key)
    return "stock_overdrawn", key[0], json.dumps({"site_id": key[1], "documents": documents})


def _save_lots(gateway: Gateway, stamp: Stamp, books: Books) -> None:
    for lot_id, lot in books.lots.items():
        status = lot.status
        if status == "exhausted" and lot.came_back:
            status = "active"
        if status == "active" and lot.may_be_exhausted and gateway.lot_stock(stamp.organization_id, lot_id) == 0:
            status = "exhausted"
        if status != lot.status or lot.initial_gain:
            gateway.save_lot(stamp, lot_id, status, lot.initial_gain)


def _repeat(posting: Posting, known: KnownMove) -> Outcome:
    same = (
        known.variant_id == posting.variant_id
        and known.source_id == posting.source_id
        and known.destination_id == posting.destination_id
        and known.quantity == to_scaled(posting.quantity)
    )
    if not same:
        return KeyReused(f"idempotency key '{posting.idempotency_key}' was used for another move")
    return Posted(
        id=known.id,
        quantity=to_decimal(known.quantity),
        source_balance=_decimal(known.source_balance),
        destination_balance=_decimal(known.destination_balance),
        posted_at=from_microseconds(known.posted_at),
        repeated=True,
    )


def _decimal(scaled: int | None) -> Decimal | None:
    return None if scaled is None else to_decimal(scaled)


def _forget(session: Session, postings: Sequence[Posting]) -> None:
    """Rows the driver-level statements changed are read again when next looked at."""
    variants = {posting.variant_id for posting in postings}
    lots = {posting.lot_id for posting in postings}
    for row in list(session.identity_map.values()):
        touched = (isinstance(row, StockLevel | SiteStock) and row.variant_id in variants) or (
            isinstance(row, Lot) and row.id in lots
        )
        if touched:
            session.expire(row)


def name_shortages(session: Session, error: InsufficientStock) -> InsufficientStock:
    """The same refusal with SKUs in place of variant ids, for people."""
    ids = [shortage.variant_id for shortage in error.shortages]
    rows = session.exec(
        select(Variant.id, Variant.sku).where(
            Variant.organization_id == organization_of(session), col(Variant.id).in_(ids)
        )
    )
    skus = dict(rows.all())
    return InsufficientStock(
        [shortage._replace(sku=skus.get(shortage.variant_id, shortage.sku)) for shortage in error.shortages]
    )
