"""Proves that what is kept equals what the ledger says: levels, site totals, promises, balances, lots.

The moves are replayed once in the order of record; what results is compared with what is kept, over all organizations.
A store of a million moves takes seconds. `ambra_tui.services.repair` writes what the ledger says.

Example::

    report = verify_store(store)
    report.is_clean, report.differences[0].text
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, col, select

from ambra_tui.kit.quantity import show, to_decimal
from ambra_tui.services.analytics.checks import wrong_sales
from ambra_tui.store import NOBODY, Store, StoreSession
from ambra_tui.store.models import Organization
from ambra_tui.store.security import set_tenant

MAX_LISTED = 50
CHUNK = 20_000
Progress = Callable[[int, int, str], None]
Row = dict[str, Any]
LevelKey = tuple[int, str, str, str, str, str]  # organization, variant, location, lot, serial, plate
SiteKey = tuple[int, str, str]  # organization, variant, site
LEVEL_COLUMNS = ("organization_id", "variant_id", "location_id", "lot_id", "serial", "plate_id")
SITE_COLUMNS = ("organization_id", "variant_id", "site_id")


@dataclass(slots=True)
class Replay:
    """What the moves alone say: the stock of every location (virtual ones may be negative), each site's balance after
    its last move, and the moves whose stored balance does not follow from the move before."""

    moves: int = 0
    levels: defaultdict[LevelKey, int] = field(default_factory=lambda: defaultdict(int))
    balances: dict[SiteKey, int] = field(default_factory=dict)
    wrong_balances: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rule:
    """`find` answers a row for each difference: the columns of its subject, `kept` and `expected`."""

    name: str
    claim: str
    find: Callable[[Session, Replay], list[Row]]
    is_quantity: bool = True


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that breaks a rule; `text` says it to a person."""

    rule: str
    values: Mapping[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """`counts`: rule -> how many rows break it; `differences` lists the first of each. `moves`: how many were read."""

    moves: int
    counts: Mapping[str, int]
    differences: Sequence[Difference]

    @property
    def is_clean(self) -> bool:
        return not any(self.counts.values())


# --- the ledger, replayed -------------------------------------------------------------------------------------------

MOVES = """
SELECT organization_id, variant_id, lot_id, serial, plate_id, destination_plate_id, source_id, destination_id,
       source_site_id, destination_site_id, quantity, source_balance, destination_balance, sequence
  FROM stock_move ORDER BY sequence
"""


def replay(session: Session) -> Replay:
    """Read every move in the order of record."""
    result = Replay()
    levels, balances, wrong = result.levels, result.balances, result.wrong_balances
    rows = session.connection().execute(text(MOVES), execution_options={"yield_per": CHUNK})
    for chunk in rows.partitions():
        result.moves += len(chunk)
        for (
            organization_id, variant_id, lot_id, serial, plate_id, destination_plate_id, source_id, destination_id,
            source_site_id, destination_site_id, quantity, source_balance, destination_balance, sequence,
        ) in chunk:  # fmt: skip
            levels[organization_id, variant_id, source_id, lot_id, serial, plate_id] -= quantity
            levels[organization_id, variant_id, destination_id, lot_id, serial, destination_plate_id] += quantity
            stays = source_site_id == destination_site_id
            if source_site_id:
                key = (organization_id, variant_id, source_site_id)
                expected = balances[key] = balances.get(key, 0) - (0 if stays else quantity)
                if source_balance != expected:
                    wrong.append(_wrong_balance(key, sequence, source_balance, expected))
            if destination_site_id:
                key = (organization_id, variant_id, destination_site_id)
                expected = balances[key] = balances.get(key, 0) + (0 if stays else quantity)
                if destination_balance != expected:
                    wrong.append(_wrong_balance(key, sequence, destination_balance, expected))
    return result


def _wrong_balance(key: SiteKey, sequence: int, kept: int | None, expected: int) -> Row:
    return {**_named(SITE_COLUMNS, key), "sequence": sequence, "kept": kept, "expected": expected}


def _named(columns: Sequence[str], key: Sequence[Any]) -> Row:
    return dict(zip(columns, key, strict=True))


def _compare(columns: Sequence[str], kept: Mapping[Any, int], expected: Mapping[Any, int]) -> list[Row]:
    """A row for every key whose two numbers differ; an absent key counts as zero."""
    keys = [key for key, value in kept.items() if value != expected.get(key, 0)]
    keys += [key for key, value in expected.items() if value and key not in kept]
    return [
        {**_named(columns, key), "kept": kept.get(key, 0), "expected": expected.get(key, 0)} for key in sorted(keys)
    ]


# --- rules ----------------------------------------------------------------------------------------------------------

KEPT_PLACES = "SELECT organization_id, id FROM location WHERE usage IN ('internal', 'transit')"
KEPT_LEVELS = "SELECT organization_id, variant_id, location_id, lot_id, serial, plate_id, on_hand FROM stock_level"
KEPT_SITES = "SELECT organization_id, variant_id, site_id, on_hand FROM site_stock"

ALLOCATED = """
SELECT d.organization_id, d.variant_id, d.location_id, d.lot_id, d.serial, d.plate_id,
       SUM(d.kept) AS kept, SUM(d.assigned) AS expected
  FROM (
    SELECT organization_id, variant_id, location_id, lot_id, serial, plate_id, allocated AS kept, 0 AS assigned
      FROM stock_level WHERE allocated <> 0
    UNION ALL
    SELECT organization_id, variant_id, location_id, lot_id, serial, plate_id, 0, quantity
      FROM allocation WHERE status = 'open'
  ) d
 GROUP BY 1, 2, 3, 4, 5, 6
HAVING SUM(d.kept) <> SUM(d.assigned)
"""

SITE_ON_HAND = """
SELECT d.organization_id, d.variant_id, d.site_id, SUM(d.kept) AS kept, SUM(d.levels) AS expected
  FROM (
    SELECT organization_id, variant_id, site_id, on_hand AS kept, 0 AS levels FROM site_stock
    UNION ALL
    SELECT l.organization_id, l.variant_id, p.site_id, 0, l.on_hand
      FROM stock_level l JOIN location p ON p.organization_id = l.organization_id AND p.id = l.location_id
     WHERE p.site_id IS NOT NULL
  ) d
 GROUP BY 1, 2, 3
HAVING SUM(d.kept) <> SUM(d.levels)
"""

SITE_HELD = """
SELECT d.organization_id, d.variant_id, d.site_id, SUM(d.kept) AS kept, SUM(d.held) AS expected
  FROM (
    SELECT organization_id, variant_id, site_id, held AS kept, 0 AS held FROM site_stock WHERE held <> 0
    UNION ALL
    SELECT l.organization_id, l.variant_id, p.site_id, 0, l.on_hand
      FROM stock_level l
      JOIN location p ON p.organization_id = l.organization_id AND p.id = l.location_id
      LEFT JOIN lot t ON t.organization_id = l.organization_id AND t.id = l.lot_id
     WHERE p.site_id IS NOT NULL AND (p.is_held OR t.status IN ('quarantine', 'recalled'))
  ) d
 GROUP BY 1, 2, 3
HAVING SUM(d.kept) <> SUM(d.held)
"""

SITE_RESERVED = """
SELECT d.organization_id, d.variant_id, d.site_id, SUM(d.kept) AS kept, SUM(d.promised) AS expected
  FROM (
    SELECT organization_id, variant_id, site_id, reserved AS kept, 0 AS promised FROM site_stock WHERE reserved <> 0
    UNION ALL
    SELECT organization_id, variant_id, site_id, 0, quantity FROM reservation WHERE quantity <> 0
  ) d
 GROUP BY 1, 2, 3
HAVING SUM(d.kept) <> SUM(d.promised)
"""

SITE_REORDER_POINT = """
SELECT s.organization_id, s.variant_id, s.site_id, s.reorder_point AS kept,
       COALESCE(p.reorder_point, o.reorder_point, a.reorder_point, 0) AS expected
  FROM site_stock s
  LEFT JOIN inventory_policy p
    ON p.organization_id = s.organization_id AND p.variant_id = s.variant_id AND p.site_id = s.site_id
  LEFT JOIN policy_default o ON o.organization_id = s.organization_id AND o.variant_id = s.variant_id
  LEFT JOIN policy_default a ON a.organization_id = s.organization_id AND a.variant_id = ''
 WHERE s.reorder_point <> COALESCE(p.reorder_point, o.reorder_point, a.reorder_point, 0)
UNION ALL
SELECT p.organization_id, p.variant_id, p.site_id, 0, p.reorder_point
  FROM inventory_policy p
  LEFT JOIN site_stock s
    ON s.organization_id = p.organization_id AND s.variant_id = p.variant_id AND s.site_id = p.site_id
 WHERE s.variant_id IS NULL AND p.reorder_point > 0
"""

SITE_SAFETY_STOCK = """
SELECT s.organization_id, s.variant_id, s.site_id, s.safety_stock AS kept,
       COALESCE(p.safety_stock, o.safety_stock, a.safety_stock, 0) AS expected
  FROM site_stock s
  LEFT JOIN inventory_policy p
    ON p.organization_id = s.organization_id AND p.variant_id = s.variant_id AND p.site_id = s.site_id
  LEFT JOIN policy_default o ON o.organization_id = s.organization_id AND o.variant_id = s.variant_id
  LEFT JOIN policy_default a ON a.organization_id = s.organization_id AND a.variant_id = ''
 WHERE s.safety_stock <> COALESCE(p.safety_stock, o.safety_stock, a.safety_stock, 0)
"""

LOT_STATUS = """
SELECT t.organization_id, t.id AS lot_id, t.variant_id, t.status AS kept,
       CASE WHEN t.status = 'exhausted' THEN 'active' ELSE 'exhausted' END AS expected
  FROM lot t
  LEFT JOIN (
    SELECT organization_id, lot_id, SUM(on_hand) AS on_hand FROM stock_level WHERE lot_id <> '' GROUP BY 1, 2
  ) l ON l.organization_id = t.organization_id AND l.lot_id = t.id
 WHERE (t.status = 'exhausted' AND COALESCE(l.on_hand, 0) > 0) OR (t.status = 'active' AND l.on_hand = 0)
"""

REVERSALS = """
SELECT r.organization_id, r.variant_id, r.sequence, r.quantity AS kept, COALESCE(m.quantity, 0) AS expected
  FROM stock_move r
  LEFT JOIN stock_move m ON m.organization_id = r.organization_id AND m.id = r.reverses_id
   AND m.variant_id = r.variant_id AND m.lot_id = r.lot_id AND m.serial = r.serial AND m.quantity = r.quantity
   AND m.source_id = r.destination_id AND m.destination_id = r.source_id
 WHERE r.reverses_id <> '' AND m.id IS NULL
"""


def _levels(session: Session, replayed: Replay) -> list[Row]:
    places = _set(session, KEPT_PLACES)
    posted = {key: value for key, value in replayed.levels.items() if (key[0], key[2]) in places}
    return _compare(LEVEL_COLUMNS, _numbers(session, KEPT_LEVELS), posted)


def _site_balances(session: Session, replayed: Replay) -> list[Row]:
    return _compare(SITE_COLUMNS, _numbers(session, KEPT_SITES), replayed.balances)


def _sum_is_zero(session: Session, replayed: Replay) -> list[Row]:
    """Kept levels, and what the moves say of every place outside, add up to nothing."""
    places = _set(session, KEPT_PLACES)
    sums: dict[tuple[int], int] = defaultdict(int)
    for level, quantity in _numbers(session, KEPT_LEVELS).items():
        sums[level[0],] += quantity
    for key, quantity in replayed.levels.items():
        if (key[0], key[2]) not in places:
            sums[key[0],] += quantity
    return _compare(("organization_id",), sums, {})


def _numbers(session: Session, statement: str) -> dict[tuple[Any, ...], int]:
    """Rows as key -> their last column."""
    rows = session.connection().execute(text(statement), execution_options={"yield_per": CHUNK})
    return {tuple(row[:-1]): row[-1] for row in rows}


def _set(session: Session, statement: str) -> set[tuple[Any, ...]]:
    return {tuple(row) for row in session.connection().execute(text(statement))}


def _sql(statement: str) -> Callable[[Session, Replay], list[Row]]:
    """A rule whose statement answers the differences themselves."""
    return lambda session, _: [dict(row) for row in session.connection().execute(text(statement)).mappings()]


def _faults(pragma: str) -> Callable[[Session, Replay], list[Row]]:
    """What SQLite itself finds wrong with its file."""

    def find(session: Session, _: Replay) -> list[Row]:
        rows = [tuple(row) for row in session.connection().execute(text(pragma))]
        return [{"fault": " ".join(str(v) for v in row if v is not None)} for row in rows if row != ("ok",)]

    return find


RULES = (
    Rule("levels", "each level holds what its moves brought and took", _levels),
    Rule("site_moves", "a site holds what moves brought into it and took out", _site_balances),
    Rule(
        "balances", "each move's site balance follows from the move before", lambda _, replayed: replayed.wrong_balances
    ),
    Rule("sum_is_zero", "the sum over all locations is zero", _sum_is_zero),
    Rule("site_on_hand", "a site holds what its locations hold", _sql(SITE_ON_HAND)),
    Rule("site_held", "a site's held is what lies in held locations and lots", _sql(SITE_HELD)),
    Rule("site_reserved", "a site's reserved is the sum of its open reservations", _sql(SITE_RESERVED)),
    Rule("site_reorder_point", "a site's reorder point is its policy's", _sql(SITE_REORDER_POINT)),
    Rule("site_safety_stock", "a site's safety stock is its policy's", _sql(SITE_SAFETY_STOCK)),
    Rule("allocated", "each level's allocated is the sum of its open allocations", _sql(ALLOCATED)),
    Rule("reversals", "each reversal mirrors its original", _sql(REVERSALS)),
    Rule(
        "sales",
        "what was sold is what orders, shipments, returns and refunds say",
        lambda session, _: wrong_sales(session),
        is_quantity=False,
    ),
    Rule("lot_status", "a lot is exhausted when nothing of it is left", _sql(LOT_STATUS), is_quantity=False),
)
SQLITE_RULES = (
    Rule("database", "the database file is whole", _faults("PRAGMA integrity_check"), is_quantity=False),
    Rule("parents", "every row's parent exists", _faults("PRAGMA foreign_key_check"), is_quantity=False),
)


@contextmanager
def one_moment(store: Store) -> Iterator[StoreSession]:
    """A reading session of the system scope whose statements all see the same moment, whoever writes meanwhile."""
    with store.read_engine.connect() as connection:
        if store.dialect == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin() as transaction:
            if store.dialect == "postgresql":
                set_tenant(connection, None)
            session = StoreSession.on(connection, organization_id=None, actor=NOBODY, clock=store.clock)
            try:
                yield session
            finally:
                session.close()
                transaction.rollback()


def verify_store(store: Store, *, organization_id: int | None = None, progress: Progress | None = None) -> Report:
    """`verify` on one moment of an open store."""
    with one_moment(store) as session:
        return verify(session, organization_id=organization_id, progress=progress)


def verify(session: Session, *, organization_id: int | None = None, progress: Progress | None = None) -> Report:
    """Check every rule in a session of the system scope. `progress` hears (done, of, what comes next).

    Where `organization_id` is given, differences of other organizations do not count.
    """
    try:
        return _verify(session, organization_id, progress)
    except DatabaseError as error:
        if not isinstance(error.orig, sqlite3.DatabaseError):
            raise
        return Report(moves=0, counts={"database": 1}, differences=[Difference("database", {}, str(error.orig))])


def _verify(session: Session, organization_id: int | None, progress: Progress | None) -> Report:
    rules = (*RULES, *SQLITE_RULES) if session.get_bind().dialect.name == "sqlite" else RULES
    tell = progress or (lambda done, of, what: None)
    tell(0, len(rules) + 1, "the moves are read in the order of record")
    replayed = replay(session)
    retired = set(session.exec(select(Organization.id).where(col(Organization.retired_at).is_not(None))).all())
    counts: dict[str, int] = {}
    differences: list[Difference] = []
    for number, rule in enumerate(rules, start=1):
        tell(number, len(rules) + 1, rule.claim)
        rows = [
            row
            for row in rule.find(session, replayed)
            if (organization_id is None or row.get("organization_id", organization_id) == organization_id)
            and row.get("organization_id") not in retired  # a set of a sandbox that is being thrown away
        ]
        counts[rule.name] = len(rows)
        names = _names(session, rows[:MAX_LISTED])
        differences += [Difference(rule.name, row, _sentence(rule, row, names)) for row in rows[:MAX_LISTED]]
    tell(len(rules) + 1, len(rules) + 1, "")
    return Report(moves=replayed.moves, counts=counts, differences=differences)


_NAMES = {
    "variant_id": ("product", "SELECT id, sku FROM variant WHERE organization_id = :organization_id AND id = :id"),
    "site_id": ("site", "SELECT id, code FROM site WHERE organization_id = :organization_id AND id = :id"),
    "location_id": ("location", "SELECT id, code FROM location WHERE organization_id = :organization_id AND id = :id"),
    "order_id": ("order", "SELECT id, number FROM sales_order WHERE organization_id = :organization_id AND id = :id"),
    "lot_id": ("lot", "SELECT id, lot_number FROM lot WHERE organization_id = :organization_id AND id = :id"),
}


def _names(session: Session, rows: Sequence[Mapping[str, Any]]) -> dict[tuple[int, str, str], str]:
    """The SKUs, codes and lot numbers of the ids in `rows`."""
    wanted = {(row["organization_id"], column, row[column]) for row in rows for column in _NAMES if row.get(column)}
    names: dict[tuple[int, str, str], str] = {}
    for organization_id, column, key in sorted(wanted):
        values = {"organization_id": organization_id, "id": key}
        found = session.connection().execute(text(_NAMES[column][1]), values).first()
        names[organization_id, column, key] = found[1] if found else key
    return names


def _sentence(rule: Rule, row: Mapping[str, Any], names: Mapping[tuple[int, str, str], str]) -> str:
    if "fault" in row:
        return str(row["fault"])
    organization_id = row["organization_id"]
    words = [
        f"{label} {names[organization_id, column, row[column]]}"
        for column, (label, _) in _NAMES.items()
        if row.get(column)
    ]
    words += [f"{name.removesuffix('_id')} {row[name]}" for name in ("serial", "plate_id", "sequence") if row.get(name)]
    kept, expected = (
        show(to_decimal(int(row[name] or 0))) if rule.is_quantity else row[name] for name in ("kept", "expected")
    )
    return f"organization {organization_id}: {', '.join(words) or 'all locations'}: {kept} is kept, {expected} expected"
