"""Two organizations in one store: every way to forget the filter reads nothing and changes nothing of the other."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, delete, exists, func, insert, inspect, literal, or_, select, text, union_all, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import aliased, make_transient_to_detached

import ambra_tui
from ambra_tui.store import Store
from ambra_tui.store.models import DocumentCounter, Location, Organization, Site, StockLevel, metadata, table_of
from ambra_tui.store.scope import StoreSession
from ambra_tui.store.tenancy import TenantLeak, scope_columns
from tests import factories

SITE, LOCATION = table_of(Site), table_of(Location)
MINE, THEIRS = "Mine", "Theirs"


@dataclass(frozen=True, slots=True)
class Two:
    """Two organizations with a site of the same code each."""

    store: Store
    mine: int
    theirs: int
    my_site: Site
    their_site: Site

    def write(self, way: Callable[[Any], Any]) -> Any:
        return self.store.writer.run(way, organization_id=self.mine, actor=factories.TESTER)

    def their_names(self) -> list[str]:
        with self.store.read(self.theirs) as session:
            return list(session.scalars(select(SITE.c.name).where(SITE.c.organization_id == self.theirs)))


@pytest.fixture
def two(store: Store) -> Two:
    mine, theirs = factories.organization(store, "Acme"), factories.organization(store, "Brand")
    sites = [
        store.writer.run(partial(factories.site, name=name), organization_id=owner, actor=factories.TESTER)
        for owner, name in ((mine, MINE), (theirs, THEIRS))
    ]
    return Two(store, mine, theirs, *sites)


def _names(rows: Any) -> list[Any]:
    """Everything that came back, as plain values."""
    found: list[Any] = []
    for row in rows:
        found += [getattr(value, "name", value) for value in (row if isinstance(row, tuple) else (row,))]
    return found


# --- reading --------------------------------------------------------------------------------------------------------


def select_entity(session: StoreSession, two: Two) -> Any:
    return session.scalars(select(Site))


def select_column(session: StoreSession, two: Two) -> Any:
    return session.scalars(select(Site.name))


def select_alias(session: StoreSession, two: Two) -> Any:
    return session.scalars(select(aliased(Site)))


def select_entity_of_another(session: StoreSession, two: Two) -> Any:
    return session.scalars(select(Site).where(Site.organization_id == two.theirs))


def select_all_but_mine(session: StoreSession, two: Two) -> Any:
    return session.scalars(select(SITE.c.name).where(SITE.c.organization_id != two.mine))


def select_one_of_several(session: StoreSession, two: Two) -> Any:
    return session.scalars(select(SITE.c.name).where(SITE.c.organization_id.in_([two.mine, two.theirs])))


def select_mine_or_true(session: StoreSession, two: Two) -> Any:
    return session.scalars(select(SITE.c.name).where(or_(SITE.c.organization_id == two.mine, literal(True))))


def select_not_mine(session: StoreSession, two: Two) -> Any:
    return session.scalars(select(SITE.c.name).where(~(SITE.c.organization_id == two.mine)))


def get_by_key(session: StoreSession, two: Two) -> Any:
    return [session.get(Site, (two.theirs, two.their_site.id))]


def refresh_foreign(session: StoreSession, two: Two) -> Any:
    foreign = Site(**two.their_site.model_dump() | {"name": ""})
    make_transient_to_detached(foreign)
    session.add(foreign)
    session.refresh(foreign)
    return [foreign]


def count_all(session: StoreSession, two: Two) -> Any:
    return [THEIRS] if (session.scalar(select(func.count()).select_from(SITE)) or 0) > 1 else []


def join_without_filter(session: StoreSession, two: Two) -> Any:
    return session.scalars(select(SITE.c.name).join(LOCATION, SITE.c.id == LOCATION.c.site_id, isouter=True))


def outer_join_with_the_filter_in_on(session: StoreSession, two: Two) -> Any:
    on = (LOCATION.c.organization_id == two.mine) & (SITE.c.organization_id == two.mine)
    return session.scalars(select(SITE.c.name).join(LOCATION, on, isouter=True))


def cross_join_with_one_filter(session: StoreSession, two: Two) -> Any:
    other = SITE.alias()
    return session.scalars(select(other.c.name).where(SITE.c.organization_id == two.mine, other.c.code == SITE.c.code))


def scalar_subquery(session: StoreSession, two: Two) -> Any:
    inner = select(SITE.c.name).where(SITE.c.name == THEIRS).scalar_subquery()
    return session.scalars(select(inner))


def exists_subquery(session: StoreSession, two: Two) -> Any:
    found = session.scalar(select(exists().where(SITE.c.name == THEIRS)))
    return [THEIRS] if found else []


def subquery_in_from(session: StoreSession, two: Two) -> Any:
    return session.scalars(select(select(SITE.c.name).subquery().c.name))


def common_table_expression(session: StoreSession, two: Two) -> Any:
    return session.scalars(select(select(SITE.c.name).cte().c.name))


def second_branch_of_a_union(session: StoreSession, two: Two) -> Any:
    return session.scalars(
        union_all(select(SITE.c.name).where(SITE.c.organization_id == two.mine), select(SITE.c.name))
    )


def core_through_the_session(session: StoreSession, two: Two) -> Any:
    return session.scalars(select(SITE.c.name))


def core_through_the_connection(session: StoreSession, two: Two) -> Any:
    return session.connection().scalars(select(SITE.c.name))


def raw_text(session: Any, two: Two) -> Any:
    return session.scalars(text("SELECT name FROM site"))


def raw_text_of_another(session: Any, two: Two) -> Any:
    query = text("SELECT name FROM site WHERE organization_id = :o").bindparams(o=two.theirs)
    return session.scalars(query)


def raw_text_with_or(session: Any, two: Two) -> Any:
    query = text("SELECT name FROM site WHERE organization_id = :o OR 1 = 1").bindparams(o=two.mine)
    return session.scalars(query)


def entity_from_raw_text(session: StoreSession, two: Two) -> Any:
    return session.scalars(select(Site).from_statement(text("SELECT * FROM site")))


def where_with_raw_or(session: StoreSession, two: Two) -> Any:
    return session.scalars(select(Site).where(Site.organization_id == two.mine, text("1 = 1 OR 1 = 1")))


def parameter_filled_in_later(session: StoreSession, two: Two) -> Any:
    query = select(SITE.c.name).where(SITE.c.organization_id == bindparam("whose"))
    return session.scalars(query, {"whose": two.theirs})


def other_organizations(session: StoreSession, two: Two) -> Any:
    return [THEIRS] if len(session.scalars(select(Organization)).all()) > 1 else []


READINGS = [
    select_entity, select_column, select_alias, select_entity_of_another, select_all_but_mine, select_one_of_several,
    select_mine_or_true, select_not_mine, get_by_key, refresh_foreign, count_all, join_without_filter,
    outer_join_with_the_filter_in_on, cross_join_with_one_filter, scalar_subquery, exists_subquery, subquery_in_from,
    common_table_expression, second_branch_of_a_union, core_through_the_session, core_through_the_connection, raw_text,
    raw_text_of_another, raw_text_with_or, entity_from_raw_text, where_with_raw_or, parameter_filled_in_later,
    other_organizations,
]  # fmt: skip


@pytest.mark.parametrize("way", READINGS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("door", ["read", "write"])
def test_no_way_reads_another_organization(two: Two, way: Callable[[StoreSession, Two], Any], door: str) -> None:
    def attempt(session: StoreSession) -> list[Any]:
        try:
            return _names(way(session, two))
        except (TenantLeak, SQLAlchemyError):
            return []

    if door == "write":
        assert THEIRS not in two.write(attempt)
    else:
        with two.store.read(two.mine) as session:
            assert THEIRS not in attempt(session)


# --- changing -------------------------------------------------------------------------------------------------------


def bulk_update(session: StoreSession, two: Two) -> Any:
    session.execute(update(Site).values(name="changed"))


def bulk_delete(session: StoreSession, two: Two) -> Any:
    session.execute(delete(Site))


def core_update(session: StoreSession, two: Two) -> Any:
    session.execute(update(SITE).values(name="changed"))


def core_update_of_another(session: StoreSession, two: Two) -> Any:
    session.execute(update(SITE).where(SITE.c.organization_id == two.theirs).values(name="changed"))


def core_update_through_the_connection(session: StoreSession, two: Two) -> Any:
    session.connection().execute(update(SITE).where(SITE.c.name == THEIRS).values(name="changed"))


def core_delete(session: StoreSession, two: Two) -> Any:
    session.connection().execute(delete(SITE).where(SITE.c.id == two.their_site.id))


def update_by_key(session: StoreSession, two: Two) -> Any:
    session.execute(update(Site), [{"organization_id": two.theirs, "id": two.their_site.id, "name": "changed"}])


def update_by_mapping(session: StoreSession, two: Two) -> Any:
    session.bulk_update_mappings(
        inspect(Site),
        [{"organization_id": two.theirs, "id": two.their_site.id, "name": "changed"}],
    )


def update_through_a_subquery(session: StoreSession, two: Two) -> Any:
    ids = select(SITE.c.id).where(SITE.c.name == THEIRS)
    session.execute(update(SITE).where(SITE.c.id.in_(ids)).values(name="changed"))


def add_a_row(session: StoreSession, two: Two) -> Any:
    session.add(Site(**two.their_site.model_dump() | {"id": "site_x", "code": "X", "name": "changed"}))
    session.flush()


def insert_a_row(session: StoreSession, two: Two) -> Any:
    session.execute(insert(SITE), _row(two))


def insert_rows(session: StoreSession, two: Two) -> Any:
    mine = _row(two) | {"organization_id": two.mine}
    session.execute(insert(SITE), [mine, _row(two) | {"id": "site_y", "code": "Y"}])


def insert_values(session: StoreSession, two: Two) -> Any:
    session.connection().execute(insert(SITE).values([_row(two) | {"organization_id": two.mine}, _row(two)]))


def insert_by_mapping(session: StoreSession, two: Two) -> Any:
    session.bulk_insert_mappings(inspect(Site), [_row(two)])


def insert_from_a_query(session: StoreSession, two: Two) -> Any:
    moment = literal(0)
    query = select(literal(two.theirs), literal("site_x"), literal("X"), literal("changed"), moment, moment)
    columns = ["organization_id", "id", "code", "name", "created_at", "updated_at"]
    session.execute(insert(SITE).from_select(columns, query))


def upsert(session: StoreSession, two: Two) -> Any:
    dialect = session.get_bind().dialect.name
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    row = _row(two) | {"id": two.their_site.id}
    session.execute(
        make(SITE).values(row).on_conflict_do_update(index_elements=["organization_id", "id"], set_={"name": "changed"})
    )


def move_my_row_away(session: StoreSession, two: Two) -> Any:
    mine = session.get(Site, (two.mine, two.my_site.id))
    assert mine is not None
    mine.organization_id, mine.id, mine.code, mine.name = two.theirs, "site_x", "X", "changed"
    session.flush()


def merge_a_foreign_row(session: StoreSession, two: Two) -> Any:
    session.merge(Site(**two.their_site.model_dump() | {"name": "changed"}))
    session.flush()


def delete_a_foreign_row(session: StoreSession, two: Two) -> Any:
    session.delete(Site(**two.their_site.model_dump()))
    session.flush()


def raw_update(session: Any, two: Two) -> Any:
    session.execute(text("UPDATE site SET name = 'changed'"))


def raw_delete_of_another(session: Any, two: Two) -> Any:
    session.execute(text("DELETE FROM site WHERE organization_id = :o"), {"o": two.theirs})


def raw_insert(session: Any, two: Two) -> Any:
    row = _row(two)
    columns, binds = ", ".join(row), ", ".join(f":{name}" for name in row)
    session.execute(text(f"INSERT INTO site ({columns}) VALUES ({binds})"), row)


def _row(two: Two) -> dict[str, Any]:
    return two.their_site.model_dump() | {"id": "site_x", "code": "X", "name": "changed"}


CHANGES = [
    bulk_update, bulk_delete, core_update, core_update_of_another, core_update_through_the_connection, core_delete,
    update_by_key, update_by_mapping, update_through_a_subquery, add_a_row, insert_a_row, insert_rows, insert_values,
    insert_by_mapping, insert_from_a_query, upsert, move_my_row_away, merge_a_foreign_row, delete_a_foreign_row,
    raw_update, raw_delete_of_another, raw_insert,
]  # fmt: skip


@pytest.mark.parametrize("way", CHANGES, ids=lambda way: way.__name__)
def test_no_way_changes_another_organization(two: Two, way: Callable[[StoreSession, Two], Any]) -> None:
    try:
        two.write(lambda session: way(session, two))
    except (TenantLeak, SQLAlchemyError):
        pass
    assert two.their_names() == [THEIRS]


@pytest.mark.parametrize("way", CHANGES, ids=lambda way: way.__name__)
def test_each_change_would_work_without_the_guard(two: Two, way: Callable[[Any, Two], Any]) -> None:
    """The system scope is exempt: what the guard stops above is real there, so none of the ways is empty."""
    if way in (raw_insert, delete_a_foreign_row):
        return  # one leaves the moments unconverted, the other needs a row that the session knows
    two.store.writer.run(lambda session: way(session, two), organization_id=None)
    assert two.their_names() != [THEIRS]


# --- what stays allowed ---------------------------------------------------------------------------------------------


def join_on_organizations(two: Two) -> Any:
    return (
        select(SITE.c.name)
        .join(
            LOCATION,
            (LOCATION.c.organization_id == SITE.c.organization_id) & (LOCATION.c.site_id == SITE.c.id),
            isouter=True,
        )
        .where(SITE.c.organization_id == two.mine)
    )


def correlated_exists(two: Two) -> Any:
    inner = exists().where(LOCATION.c.organization_id == SITE.c.organization_id, LOCATION.c.site_id == SITE.c.id)
    return select(SITE.c.name).where(SITE.c.organization_id == two.mine, ~inner)


def bound_table_expression(two: Two) -> Any:
    part = select(SITE.c.organization_id, SITE.c.name).where(SITE.c.organization_id == two.mine).cte()
    other = SITE.alias()
    return select(part.c.name).join(other, other.c.organization_id == part.c.organization_id)


def bound_union(two: Two) -> Any:
    mine = select(SITE.c.name).where(SITE.c.organization_id == two.mine)
    return union_all(mine.where(SITE.c.code == "WH1"), mine.where(SITE.c.code == "none"))


def bound_text(two: Two) -> Any:
    return text("SELECT name FROM site WHERE organization_id = :mine").bindparams(mine=two.mine)


ALLOWED = [join_on_organizations, correlated_exists, bound_table_expression, bound_union, bound_text]


@pytest.mark.parametrize("shape", ALLOWED, ids=lambda shape: shape.__name__)
def test_statements_that_name_their_organization_pass(two: Two, shape: Callable[[Two], Any]) -> None:
    with two.store.read(two.mine) as session:
        assert list(session.scalars(shape(two))) == [MINE]


def test_a_verdict_is_kept_but_every_parameter_is_looked_at(two: Two) -> None:
    query = select(SITE.c.name).where(SITE.c.organization_id == bindparam("whose"))
    with two.store.read(two.mine) as session:
        assert list(session.scalars(query, {"whose": two.mine})) == [MINE]
        with pytest.raises(TenantLeak, match="another organization"):
            session.scalars(query, {"whose": two.theirs})


def test_the_same_connection_serves_each_session_for_its_own_organization(two: Two) -> None:
    for owner, name in ((two.mine, MINE), (two.theirs, THEIRS), (two.mine, MINE)):
        with two.store.read(owner) as session:
            assert list(session.scalars(select(SITE.c.name).where(SITE.c.organization_id == owner))) == [name]


def test_the_system_scope_sees_everybody(two: Two) -> None:
    with two.store.read_system() as session:
        assert sorted(session.scalars(select(SITE.c.name))) == [MINE, THEIRS]


def test_a_leak_undoes_the_whole_change(two: Two) -> None:
    def rename_then_leak(session: StoreSession) -> None:
        mine = session.get(Site, (two.mine, two.my_site.id))
        assert mine is not None
        mine.name = "half done"
        session.flush()
        core_update(session, two)

    with pytest.raises(TenantLeak):
        two.write(rename_then_leak)
    with two.store.read(two.mine) as session:
        assert session.scalars(select(SITE.c.name).where(SITE.c.organization_id == two.mine)).all() == [MINE]


def test_a_conflict_is_looked_for_within_the_organization(two: Two) -> None:
    table = table_of(DocumentCounter)
    make = postgresql.insert if two.store.dialect == "postgresql" else sqlite.insert
    values = {"organization_id": two.mine, "kind": "PO", "next_value": 1}
    statement = make(table).values(values).on_conflict_do_update(index_elements=["kind"], set_={"next_value": 2})
    with pytest.raises(TenantLeak, match="within the organization"):
        two.write(lambda session: session.connection().execute(statement))


# --- the guard covers what there is ---------------------------------------------------------------------------------


def test_every_table_belongs_to_an_organization_or_is_named_here() -> None:
    assert set(metadata.tables) - set(scope_columns()) == {
        "lease", "parcel_counter", "request_tally", "store_setting", "webhook_cursor",
    }  # fmt: skip


def _python_files() -> Iterator[Path]:
    yield from Path(ambra_tui.__file__).parent.rglob("*.py")


def test_raw_text_is_never_a_condition() -> None:
    """`where(text("a OR b"))` is not put in parentheses, so it would undo the organization's filter."""
    found = [
        f"{path.name}:{node.lineno}"
        for path in _python_files()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"where", "filter", "having", "join", "outerjoin"}
        for inner in ast.walk(node)
        if isinstance(inner, ast.Call) and _called(inner) in {"text", "literal_column"}
    ]
    assert found == []


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def test_stock_levels_of_two_organizations_never_meet(two: Two) -> None:
    """The same ids in both: a product, a place and stock, and each sees its own quantity."""
    for owner, quantity in ((two.mine, 5), (two.theirs, 9)):

        def fill(session: Any, quantity: int = quantity) -> None:
            home = factories.site(session, code="WH9")
            place = factories.location(session, home)
            factories.stock(session, factories.variant(session), place, quantity)

        two.store.writer.run(fill, organization_id=owner, actor=factories.TESTER)
    for owner, quantity in ((two.mine, 5), (two.theirs, 9)):
        with two.store.read(owner) as session:
            levels = session.scalars(select(StockLevel).where(StockLevel.organization_id == owner)).all()
            assert [int(level.on_hand) for level in levels] == [quantity]
