"""Adding rows whose identifying value must be free.

Example::

    add_unique(session, site, Duplicate("site", "code", site.code))
"""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel

from ambra_tui.errors import Duplicate


def add_unique(session: Session, row: SQLModel, taken: Duplicate) -> None:
    """Insert `row` now; raises `taken` when another row, perhaps of a concurrent writer, has its identifying value."""
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as error:
        raise taken from error
