"""SQL that goes straight to a driver passes every guard, so each such statement is a module constant that binds the
organization of every table it names."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import ambra_tui
from ambra_tui.store.tenancy import scope_columns

ROOT = Path(ambra_tui.__file__).parent
SYSTEM_SCOPE = {
    # Statements of the named system scope: they see every organization on purpose.
    "ambra_tui.services.verify",
    "ambra_tui.services.backup",
    "ambra_tui.store.outbox",
}
_SQL = re.compile(r"^\s*(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\b")
_TABLE = re.compile(
    r"\b(?:FROM|JOIN|UPDATE|INTO|USING)\s+(\w+)"
    r"(?:\s+(?:AS\s+)?(?!SET\b|WHERE\b|JOIN\b|ON\b|ORDER\b|FOR\b|SELECT\b)(\w+))?"
)


def statements() -> Iterator[tuple[str, str]]:
    """Every module constant of the package that is SQL, with the name it has."""
    for path in sorted(ROOT.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")
        if name in SYSTEM_SCOPE or "migrations" in name or not _SQL_TEXT.search(path.read_text()):
            continue
        for constant, value in vars(importlib.import_module(name)).items():
            if isinstance(value, str) and _SQL.match(value):
                yield f"{name}.{constant}", value


_SQL_TEXT = re.compile(r"\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b")


def unbound_tables(statement: str) -> list[str]:
    """The tables of organizations that a statement names without binding them."""
    found = []
    for match in _TABLE.finditer(statement):
        table, alias = match[1], match[2]
        if table not in scope_columns() or table == "organization":
            continue
        if match[0].startswith("INTO"):
            columns = statement[match.end(1) :].partition(")")[0]
            bound = "organization_id" in columns
        else:
            prefix = rf"(?:{alias or table}\.)" + ("" if alias else "?")
            bound = bool(
                re.search(rf"(?<![\w.]){prefix}organization_id = (?:%s|%\(\w+\)s|\?|:\w+|\w+\.\w+)", statement)
            )
        if not bound:
            found.append(table)
    return found


def test_the_ledger_s_statements_are_found() -> None:
    names = {name.rpartition(".")[0] for name, _ in statements()}
    assert {"ambra_tui.ledger.sqlite", "ambra_tui.ledger.postgresql"} <= names


def test_every_statement_binds_the_organization_of_every_table() -> None:
    assert {name: tables for name, sql in statements() if (tables := unbound_tables(sql))} == {}


def test_the_check_sees_a_forgotten_organization() -> None:
    assert unbound_tables("SELECT id FROM lot WHERE id = ?") == ["lot"]
    assert unbound_tables("SELECT l.id FROM lot l JOIN site s ON s.id = l.id WHERE l.organization_id = ?") == ["site"]
    assert unbound_tables("INSERT INTO stock_level (variant_id) VALUES (?)") == ["stock_level"]


def test_nothing_below_the_ledger_and_the_store_speaks_to_a_driver() -> None:
    """Services, flows and editions use sessions, where the guard sees each statement."""
    found = []
    for path in ROOT.rglob("*.py"):
        floor = path.relative_to(ROOT).parts[0]
        name = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
        if floor in ("ledger", "store") or name in SYSTEM_SCOPE:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in {"exec_driver_sql", "driver_connection"}:
                found.append(f"{name}:{node.lineno}")
    assert found == []
