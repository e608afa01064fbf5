"""Which parcel of an account it is: what tracking numbers are counted by.

Example::

    next_serial(session, "usps", {"mailer_id": "123456789"})      # 1, then 2
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from ambra_tui.store.models import ParcelCounter, table_of

MAX_ACCOUNT = 120


def next_serial(session: Session, carrier: str, account: Mapping[str, str]) -> int:
    """The next number of the account, given inside this transaction; organizations with one account share it."""
    name = ":".join((carrier, *account.values()))[:MAX_ACCOUNT]
    statement = _counting(session.get_bind().dialect.name)
    return int(session.connection().execute(statement, {"account": name}).scalar_one()) - 1


@cache
def _counting(dialect: str) -> Any:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    counter = table_of(ParcelCounter)
    return (
        insert(counter)
        .values(account=bindparam("account"), next_value=2)
        .on_conflict_do_update(index_elements=["account"], set_={"next_value": counter.c.next_value + 1})
        .returning(counter.c.next_value)
    )
