"""Commands that fill a store: organization, user, key, import. Through the command line, on both databases."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from ambra_tui.cli import main
from ambra_tui.cli.commands.import_ import read_mapping
from ambra_tui.errors import Invalid, Unauthenticated
from ambra_tui.services import access, access_system
from ambra_tui.services.secrets import verify_secret
from ambra_tui.store import open_store
from ambra_tui.store.models import User, Variant
from ambra_tui.store.scope import scoped
from tests.trail import list_entries


@pytest.fixture
def ambra(store_url, capsys, monkeypatch):
    """Runs `ambra` on a fresh store; answers (exit code, standard output, standard error)."""
    monkeypatch.setenv("AMBRA_STORE", store_url)
    access.forget_keys()

    def run(*words, stdin=""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        code = main(list(words))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture
def look(store_url):
    """Reads the store with a function of it."""

    def run(work):
        with open_store(store_url) as store:
            return work(store)

    return run


@pytest.fixture
def acme(ambra):
    assert ambra("organization", "create", "Acme")[0] == 0
    return ambra


def people(store):
    organization = access_system.choose_organization(store, "Acme")
    with store.read(organization.id) as session:
        return {user.name: user for user in session.exec(scoped(session, User))}


def test_an_organization_is_made_with_its_modules(ambra, look):
    code, out, _ = ambra("organization", "create", "Acme", "--modules", "manufacturing,traceability")
    assert (code, out) == (0, "Organization Acme is ready.\n")
    found = look(lambda store: access_system.choose_organization(store, None))
    assert found.modules == ["manufacturing", "traceability"]
    assert ambra("organization", "list")[1] == "Acme\n"


def test_what_becomes_of_orders_is_chosen_and_printed(acme):
    assert acme("organization", "orders", "Acme") == (0, "reserve always\nbackorders no\n", "")
    chosen = acme("organization", "orders", "Acme", "--reserve", "paid", "--backorders", "yes")
    assert chosen[:2] == (0, "reserve paid\nbackorders yes\n")
    assert acme("organization", "orders", "Acme", "--backorders", "no")[1] == "reserve paid\nbackorders no\n"


def test_modules_are_switched_and_printed(acme, look):
    assert acme("organization", "modules", "Acme") == (0, "", "")
    assert acme("organization", "modules", "Acme", "--on", "traceability,manufacturing")[1] == (
        "manufacturing\ntraceability\n"
    )
    acme("key", "create", "--name", "try", "--scopes", "read", "--sandbox")
    assert acme("organization", "modules", "Acme", "--off", "manufacturing")[:2] == (0, "traceability\n")
    found = look(lambda store: access_system.organizations(store, with_sandboxes=True))
    assert [organization.modules for organization in found] == [["traceability"], ["traceability"]]
    for wrong in (("--on", "warp"), ("--on", "manufacturing", "--off", "manufacturing")):
        code, out, err = acme("organization", "modules", "Acme", *wrong)
        assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert acme("organization", "modules", "Nobody")[0] == 1
    assert acme("organization", "modules", "Acme")[1] == "traceability\n"

    def trail(store):
        with store.read(found[0].id) as session:
            return [(entry.actor_id, entry.details) for entry in list_entries(session, act="modules_switched")]

    assert look(trail)[0] == (
        "command_line", {"before": ["manufacturing", "traceability"], "after": ["traceability"]}
    )  # fmt: skip


def test_refusals_are_one_sentence_and_exit_code_1(acme):
    code, out, err = acme("organization", "create", "Acme")
    assert (code, out, err) == (1, "", "Organization with name 'Acme' already exists\n")
    assert acme("organization", "create", "Beta", "--modules", "warp")[0] == 1
    assert acme("organization", "create", "a\x1b]0;x\x07")[0] == 1


def test_a_command_on_an_empty_store_says_how_to_begin(ambra):
    code, _, err = ambra("user", "add", "Ana", "--badge", "B-1")
    assert code == 1 and "ambra organization create NAME" in err


def test_a_person_is_added_with_pin_and_password_from_standard_input(acme, look):
    code, out, _ = acme(
        "user", "add", "Cleo", "--badge", "BDG-9001", "--role", "supervisor", "--pin", "4711", "--language", "de",
        "--password-stdin", stdin="correct horse\n",
    )  # fmt: skip
    assert (code, out) == (0, "Cleo (supervisor) signs in with the badge BDG-9001.\n")
    cleo = look(people)["Cleo"]
    assert (cleo.role, cleo.language) == ("supervisor", "de")
    assert verify_secret(cleo.pin_hash, "4711") and verify_secret(cleo.password_hash, "correct horse")


def test_without_a_terminal_and_without_password_stdin_nothing_is_asked(acme, look):
    assert acme("user", "add", "Ana", "--badge", "BDG-1001", "--role", "operator", stdin="ignored\n")[0] == 0
    assert look(people)["Ana"].password_hash == ""


def test_a_badge_that_is_taken_is_refused(acme):
    acme("user", "add", "Ana", "--badge", "B-1")
    assert acme("user", "add", "Ben", "--badge", "B-1")[0] == 1


def test_several_organizations_must_be_told_apart(acme, look):
    acme("organization", "create", "Beta")
    code, _, err = acme("user", "add", "Ana", "--badge", "B-1")
    assert code == 1 and "Acme, Beta" in err
    assert acme("user", "add", "Ana", "--badge", "B-1", "--organization", "Acme")[0] == 0
    assert acme("--organization", "Beta", "user", "add", "Ana", "--badge", "B-1")[0] == 0
    assert list(look(people)) == ["Ana"]


def test_a_key_is_printed_alone_and_opens_the_organization(acme, look):
    code, out, err = acme(
        "key", "create", "--name", "ERP", "--scopes", "admin", "--plan", "enterprise", "--edition", "sku"
    )
    secret = out.strip()
    assert (code, out, err) == (0, f"{secret}\n", "") and secret.startswith("ambra_live_")
    principal = look(lambda store: access.key_for(store, secret))
    assert (principal.label, principal.edition, principal.rate_limit, principal.is_admin) == ("ERP", "sku", None, True)


def test_an_enterprise_key_may_have_a_limit(acme, look):
    words = ("--scopes", "read,inventory:write", "--plan", "enterprise", "--rate-limit", "600")
    secret = acme("key", "create", "--name", "ERP", *words)[1].strip()
    principal = look(lambda store: access.key_for(store, secret))
    assert principal.rate_limit == 600 and principal.scopes == {"read", "inventory:write"}


def test_a_sandbox_key_works_elsewhere(acme, look):
    secret = acme("key", "create", "--name", "Try", "--scopes", "admin", "--sandbox")[1].strip()
    assert secret.startswith("test_")
    live = look(lambda store: access_system.choose_organization(store, "Acme").id)
    assert look(lambda store: access.key_for(store, secret).organization_id) != live
    assert acme("user", "add", "Ana", "--badge", "B-1")[0] == 0  # the twin does not make the organization ambiguous


def test_a_sandbox_begins_anew(acme, look):
    secret = acme("key", "create", "--name", "Try", "--scopes", "read", "--sandbox")[1].strip()
    first = look(lambda store: access.key_for(store, secret).organization_id)
    code, text = acme("sandbox", "reset")[:2]
    assert (code, text.strip()) == (0, "The sandbox of Acme is fresh: 3 warehouses, 16 products, 20 orders.")
    assert look(lambda store: access.key_for(store, secret).organization_id) != first
    assert "Try" in acme("key", "list", "--sandbox")[1]


def test_keys_are_listed_without_their_secrets_and_revoked(acme, look):
    secret = acme("key", "create", "--name", "ERP", "--scopes", "admin")[1].strip()
    listed = acme("key", "list")[1]
    assert secret[:19] in listed and secret not in listed
    assert acme("key", "revoke", secret[:19])[0] == 0
    assert "revoked" in acme("key", "list")[1]
    assert acme("key", "revoke", "ambra_live_nothing0")[0] == 1
    code, out, err = acme("key", "rotate", secret[:19])
    assert (code, out) == (1, "") and "is revoked: cannot rotate it" in err


def test_a_key_is_rotated_and_both_texts_open_for_the_grace(acme, look):
    words = ("--scopes", "read", "--expires", "2099-12-31", "--allow", "10.0.0.0/8", "--allow", "2001:db8::1")
    first = acme("key", "create", "--name", "ERP", *words)[1].strip()
    code, out, err = acme("key", "rotate", first[:19], "--grace", "600")
    second = out.strip()
    assert (code, out, err) == (0, f"{second}\n", "") and second[:19] != first[:19]
    opened = [look(lambda store, text=text: access.key_for(store, text)) for text in (first, second)]
    assert opened[0].key_id == opened[1].key_id and opened[1].expires_at == datetime(2100, 1, 1, tzinfo=UTC)
    listed = acme("key", "list")[1]
    assert (
        "until 2100-01-01T00:00:00Z  from 10.0.0.0/8,2001:db8::1/128" in listed
        and f"before {first[:19]} until" in listed
    )
    assert acme("key", "rotate", first[:19], "--grace", "0")[0] == 0  # by the name before, too
    for text in (first, second):
        with pytest.raises(Unauthenticated):
            look(lambda store, text=text: access.key_for(store, text))
    for wrong in (("--grace", "-1"), ("--grace", "9999999")):
        assert "grace_seconds" in acme("key", "rotate", acme("key", "list")[1][:19], *wrong)[2]
    assert acme("key", "create", "--name", "x", "--scopes", "read", "--allow", "10.0.0.0/99")[0] == 1
    with pytest.raises(SystemExit):
        acme("key", "create", "--name", "x", "--scopes", "read", "--expires", "soon")


def test_a_test_key_is_found_in_the_sandbox(acme, look):
    secret = acme("key", "create", "--name", "Try", "--scopes", "read", "--sandbox")[1].strip()
    assert acme("key", "rotate", secret[:13])[1].startswith("test_")
    assert acme("key", "revoke", secret[:13])[0] == 0


@pytest.fixture
def goods(tmp_path):
    path = tmp_path / "goods.csv"
    path.write_text("nr,name,barcode\nA,Bolt,5001000000019\nB,Nut,5001000000018\n")
    return str(path)


def variants(store):
    organization = access_system.choose_organization(store, "Acme")
    with store.read(organization.id) as session:
        return session.exec(select(Variant.sku).where(Variant.organization_id == organization.id)).all()


def test_an_import_names_refused_rows_keeps_the_others_and_exits_1(acme, look, goods):
    code, out, err = acme("import", "catalog", goods, "--map", "sku=nr")
    assert code == 1
    assert out == "catalog: 2 rows, 1 imported, 0 already there, 1 refused.\n"
    assert err == "line 3 (B 5001000000018): barcode 5001000000018 has a wrong check digit: 8 instead of 9\n"
    assert look(variants) == ["A"]


def test_a_dry_run_writes_nothing_and_says_so(acme, look, goods):
    code, out, _ = acme("import", "catalog", goods, "--map", "sku=nr", "--dry-run")
    assert code == 1 and out.endswith("1 refused. Nothing was written: this was a dry run.\n")
    assert look(variants) == []


def test_an_import_without_refusals_exits_0(acme, tmp_path):
    path = tmp_path / "places.csv"
    path.write_text("site,code,kind\nWH1,RECV,dock\n")
    assert acme("import", "locations", str(path))[:2] == (
        0,
        "locations: 1 rows, 1 imported, 0 already there, 0 refused.\n",
    )


def test_the_fields_of_a_kind_are_printed(ambra):
    code, out, _ = ambra("import", "stock", "--fields")
    assert code == 0 and "quantity" in out and "(required)" in out


def test_an_import_needs_a_file(acme):
    assert acme("import", "stock") == (1, "", "Name the file to import.\n")


@pytest.mark.parametrize("text", ["sku", "=x", "sku=", ""])
def test_a_mapping_is_field_and_column(text):
    with pytest.raises(Invalid, match="FIELD=COLUMN"):
        read_mapping([text])


def test_a_column_may_hold_an_equals_sign():
    assert read_mapping(["sku=a=b", "name = x "]) == {"sku": "a=b", "name": "x"}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_long_import_shows_a_bar_on_a_terminal_and_lines_elsewhere(monkeypatch):
    from ambra_tui.cli.commands import import_
    from ambra_tui.services.imports._terms import Refused, Report

    now = [0.0]
    monkeypatch.setattr(import_.time, "monotonic", lambda: now[0])
    screen, log = Terminal(), io.StringIO()
    displays = [import_._Display(screen), import_._Display(log)]
    for moment, share in ((0.5, 0.1), (2.0, 0.5), (8.0, 0.75)):
        now[0] = moment
        for display in displays:
            display.advance(share, Report(rows=int(share * 1000)))
    for display in displays:
        display.refuse(Refused(7, "x\x1b[2J", "bad"))
    assert "10%" not in screen.getvalue() and "[###############...............]  50%" in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[Kline 7 (x<1B>[2J): bad\n")
    assert log.getvalue() == "75%: 750 rows\nline 7 (x<1B>[2J): bad\n"


def test_a_person_gets_another_password(acme, look):
    assert acme("user", "add", "Cleo", "--badge", "BDG-9001", "--role", "supervisor")[0] == 0
    code, out, _ = acme("user", "password", "cleo", "--password-stdin", stdin="correct horse\n")
    assert (code, out) == (0, "Cleo has a new password.\n")
    assert verify_secret(look(people)["Cleo"].password_hash, "correct horse")
    assert acme("user", "password", "BDG-9001", "--password-stdin", stdin="short\n")[0] == 1
    assert acme("user", "password", "Nobody", "--password-stdin", stdin="correct horse\n")[0] == 1
    assert verify_secret(look(people)["Cleo"].password_hash, "correct horse")
