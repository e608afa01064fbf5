"""Row-level security on PostgreSQL: what a connection may see is set per transaction, and nothing is the default.

Every table with an organization refuses rows of another one, also for its owner (FORCE). A superuser would pass all the
same, so a connection of the product steps down to the role `ambra_app`, which owns nothing.

Example::

    after_connect_postgresql(dbapi_connection)    # once, when the pool opens a connection
    set_tenant(connection, 7)                     # first thing in every transaction
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ambra_tui.errors import Unavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection

APP_ROLE = "ambra_app"
SYSTEM = "system"

SET_TENANT = (
    "SELECT set_config('ambra.organization', %(organization)s, true), set_config('ambra.scope', %(scope)s, true)"
)

_WHO = """
SELECT r.rolsuper OR r.rolbypassrls AS unbound,
       to_regrole('ambra_app') IS NOT NULL AND pg_has_role(current_user, 'ambra_app', 'SET') AS may_step_down
  FROM pg_roles r WHERE r.rolname = current_user
"""

_OWN_ROWS = (
    "{column} = (SELECT NULLIF(current_setting('ambra.organization', true), '')::int) "
    "OR (SELECT current_setting('ambra.scope', true)) = 'system'"
)

_SCOPED_TABLES = """
SELECT c.relname, CASE WHEN c.relname = 'organization' THEN 'id' ELSE 'organization_id' END
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND n.nspname = current_schema()
   AND (c.relname = 'organization' OR EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped))
 ORDER BY c.relname
"""

_MAKE_ROLE = """
DO $$
BEGIN
    IF to_regrole('ambra_app') IS NULL AND (
        SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user
    ) THEN
        CREATE ROLE ambra_app NOLOGIN;
        EXECUTE format('GRANT ambra_app TO %%I', current_user);
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;  -- another database of this server made it at the same moment
END $$
"""

_GRANT = """
DO $$
DECLARE
    home text := quote_ident(current_schema());
BEGIN
    IF to_regrole('ambra_app') IS NOT NULL THEN
        EXECUTE 'GRANT USAGE ON SCHEMA ' || home || ' TO ambra_app';
        EXECUTE 'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ' || home || ' TO ambra_app';
        EXECUTE 'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ' || home || ' TO ambra_app';
        REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM ambra_app;
        REVOKE UPDATE ON stock_move, audit_entry FROM ambra_app;
        GRANT UPDATE (details) ON audit_entry TO ambra_app;
    END IF;
END $$
"""


def protect_postgresql(connection: Connection) -> None:
    """Put every table that holds an organization under row-level security and grant the product's role its rights.

    Runs after each migration and reads the catalogue, so a new table cannot be forgotten. Running it twice is harmless.
    """
    connection.exec_driver_sql(_MAKE_ROLE)
    for table, column in connection.exec_driver_sql(_SCOPED_TABLES).all():
        rule = _OWN_ROWS.format(column=column)
        connection.exec_driver_sql(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        connection.exec_driver_sql(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        connection.exec_driver_sql(f'DROP POLICY IF EXISTS own_organization ON "{table}"')
        connection.exec_driver_sql(f'CREATE POLICY own_organization ON "{table}" USING ({rule}) WITH CHECK ({rule})')
    connection.exec_driver_sql(_GRANT)


def after_connect_postgresql(dbapi_connection: Any) -> None:
    """Step down to `ambra_app` where the login role may. Raises Unavailable when nothing would bind the login role."""
    with dbapi_connection.cursor() as cursor:
        unbound, may_step_down = cursor.execute(_WHO).fetchone()
        if may_step_down:
            cursor.execute("SET ROLE ambra_app")
        elif unbound:
            dbapi_connection.rollback()
            raise Unavailable(
                "This database user bypasses row-level security and the role ambra_app is absent: "
                "run `ambra migrate`, or connect as a plain user"
            )
    dbapi_connection.commit()


def set_tenant(connection: Connection, organization_id: int | None) -> None:
    """Bind the transaction to one organization; None is the system scope, which sees all of them.

    The rollback of a savepoint restores what was set before it, and the end of the transaction unsets it.
    """
    connection.exec_driver_sql(SET_TENANT, tenant_parameters(organization_id))


def tenant_parameters(organization_id: int | None) -> dict[str, str]:
    """The parameters of `SET_TENANT`."""
    if organization_id is None:
        return {"organization": "", "scope": SYSTEM}
    return {"organization": str(organization_id), "scope": ""}
