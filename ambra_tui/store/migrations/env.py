"""Alembic's environment: runs the revisions on the connection that `ambra_tui.store.schema` hands over.

The connection is already inside the one transaction that holds a whole upgrade, so a process that ends midway leaves
the old schema. Batch mode is on, because SQLite cannot alter a table in place.
"""

from __future__ import annotations

from alembic import context

from ambra_tui.store.models import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
