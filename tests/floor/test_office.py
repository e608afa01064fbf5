"""The administration's pages of API keys and webhooks: behind the password, for administrators, each secret once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from ambra_tui.errors import Unauthenticated
from ambra_tui.floor import engine, slips
from ambra_tui.floor.conversation import Entry
from ambra_tui.kit.language import languages, say
from ambra_tui.services import access, webhooks
from ambra_tui.services.access.usage import Use, note_use
from ambra_tui.store import Store
from ambra_tui.store.models import ApiKey, AuditEntry, User, WorkSession
from ambra_tui.store.scope import now_of, scoped
from tests.floor.worker import Worker, open_ds1

PASSWORD = "correct horse"


@pytest.fixture
def ds1(store_url: str) -> Iterator[tuple[Store, int]]:
    store, organization_id = open_ds1(store_url)
    with store:
        yield store, organization_id


@pytest.fixture
def cleo(ds1: tuple[Store, int]) -> Worker:
    """An administrator behind the password."""
    worker = Worker(*ds1, "BDG-9001", station="office")
    turn(worker, "admin")
    return worker.command("sign_out").press("5").type(PASSWORD)


def turn(worker: Worker, role: str) -> None:
    def work(session: Any) -> None:
        user = session.get(User, (session.info["organization_id"], worker.reply.user_id))
        user.role = role
        access.set_password(session, user, PASSWORD)

    worker.write(work)


def labels(worker: Worker) -> list[str]:
    return [choice.label for choice in worker.prompt.choices]


def secret_of(worker: Worker) -> str:
    """What stands on the screen, put together."""
    assert worker.prompt.step == "secret"
    return "".join(row.label for row in worker.prompt.facts)


def kept(worker: Worker) -> str:
    """Everything that steps and the trail keep."""

    def work(session: Any) -> str:
        steps = [(row.frames, row.verdicts) for row in session.exec(scoped(session, WorkSession)).all()]
        return str(steps) + str([row.details for row in session.exec(scoped(session, AuditEntry)).all()])

    return worker.write(work)


def scopes_of(worker: Worker, secret: str) -> frozenset[str]:
    return access.key_for(worker.store, secret).scopes


def test_keys_are_made_shown_once_rotated_and_revoked(ds1: tuple[Store, int], cleo: Worker) -> None:
    assert labels(cleo)[3:] == ["API keys", "Webhooks"]
    cleo.press("4")
    assert (cleo.reply.flow, cleo.prompt.ask, labels(cleo)) == ("keys", "No key yet: F5", [])
    cleo.command("new").type("Web shop").press("5")
    assert cleo.type("orders:cook").verdict == "E99"
    cleo.type("orders:read, inventory:write").press("4").press("5").press("3")
    assert (cleo.verdict, cleo.prompt.ask) == ("W74", "Shown only now!")
    secret = secret_of(cleo)
    principal = access.key_for(cleo.store, secret)
    assert (principal.scopes, principal.plan, principal.edition) == (
        {"orders:read", "inventory:write"}, "professional", "commerce",
    )  # fmt: skip
    assert principal.expires_at is not None
    assert secret.rpartition("_")[2] not in kept(cleo)
    cleo.command("code")
    assert cleo.prompt.symbol == secret

    cleo.command("back")
    assert (cleo.prompt.step, cleo.prompt.symbol) == ("leave", "")
    assert secret_of(cleo.command("back")) == secret
    cleo.press("1")
    assert (cleo.prompt.step, labels(cleo)) == ("card", ["New text", "End it"])
    assert [row.value or row.label for row in cleo.prompt.facts] == [
        "Web shop", secret.rpartition("_")[0], "inventory:write, orders:read", "active", "Professional", "08:00",
        "2026-05-31",
    ]  # fmt: skip
    assert slips.read(principal.key_id) is None

    cleo.press("1").press("3")
    fresh = secret_of(cleo)
    assert fresh != secret
    with pytest.raises(Unauthenticated):
        scopes_of(cleo, secret)
    assert scopes_of(cleo, fresh) == principal.scopes
    cleo.press("1").press("2").press("1")
    assert cleo.prompt.step == "card"
    assert cleo.press("2").press("2").verdict == "G44"
    with pytest.raises(Unauthenticated):
        scopes_of(cleo, fresh)
    assert (labels(cleo), cleo.facts["State"]) == ([], "revoked")

    cleo.command("back").command("new").type("ERP").press("4").press("2").press("1").press("1").press("1")
    cleo.command("back")
    assert labels(cleo) == ["ERP", "Web shop"]
    assert cleo.type("web").prompt.facts[0].label == "Web shop"
    assert cleo.command("back").type("nobody").verdict == "E77"
    again = Worker(*ds1, "BDG-9001", station="st-2")
    assert again.reply.flow == "home"


def test_nobody_else_comes_to_the_keys(ds1: tuple[Store, int], cleo: Worker) -> None:
    for page in ("keys", "webhooks"):
        ana = Worker(*ds1, "BDG-1001", station="st-2")
        assert (ana.menu(page).verdict, ana.reply.flow) == ("E35", "home")
        boss = Worker(*ds1, "BDG-9001", station="office")
        assert (boss.menu(page).verdict, boss.reply.flow) == ("E71", "home")
        boss.command("sign_out").press("5").type(PASSWORD).press("4" if page == "keys" else "5")
        assert boss.reply.flow == page
        turn(boss, "supervisor")
        assert boss.command("new").verdict == "E35"
        boss.command("home")
        boss = Worker(*ds1, "BDG-9001", station="office").command("sign_out").press("5").type(PASSWORD)
        assert page not in [choice.code for choice in boss.prompt.choices]
        assert boss.enter(Entry("choice", page)).verdict == "E71"
        turn(boss, "admin")


def test_webhooks_are_added_tested_sent_again_switched_and_removed(cleo: Worker) -> None:
    cleo.press("5").command("new")
    assert cleo.type("ftp://hooks.example").verdict == "E99"
    cleo.type("https://hooks.example/ambra")
    assert labels(cleo) == ["All events", "product.*", "stock_movement.*", "stock_level.*"]
    cleo.press("4")
    secret = secret_of(cleo)
    (hook,), _ = cleo.write(webhooks.list_webhooks)
    assert (hook.secret, hook.events) == (secret, ["stock_level.low", "stock_level.critical"])
    assert secret not in kept(cleo)
    cleo.press("1")
    assert cleo.facts["State"] == "listening"
    assert labels(cleo) == ["Deliveries", "Send a test", "Switch off", "New secret", "Remove"]

    assert cleo.press("2").verdict == "G43"
    cleo.press("1")
    assert [label.partition(" ")[2] for label in labels(cleo)] == ["waits"]
    assert cleo.prompt.todo[0].label == "webhook.test"
    cleo.press("1")
    assert cleo.facts["Attempts"] == "0"
    assert cleo.press("1").verdict == "G43"
    sent, total = cleo.write(lambda s: webhooks.deliveries_of(s, hook.id))
    assert (total, sent[0].replay_of) == (2, sent[1].id)

    cleo.command("back").press("4").press("2")
    assert secret_of(cleo) not in (secret, "")
    cleo.press("1").press("3")
    assert (cleo.verdict, cleo.facts["State"]) == ("G77", "off")
    assert cleo.press("1").press("1").prompt.ask == "Nothing is sent there now"
    cleo.command("back").command("back")
    assert labels(cleo) == ["Deliveries", "Switch on", "New secret", "Remove"]
    cleo.press("2").press("5").press("1")
    assert cleo.prompt.step == "card"
    assert cleo.press("5").press("2").verdict == "G45"
    assert cleo.prompt.ask == "No webhook yet: F5"
    cleo.command("back")
    assert cleo.reply.flow == "admin"
    assert cleo.command("home").reply.flow == "home"


def test_what_somebody_else_ended_meanwhile_is_told_and_stays_ended(cleo: Worker) -> None:
    made = cleo.write(lambda s: access.add_key(s, label="Shop", scopes=["read"])[0].id)
    hook = cleo.write(
        lambda s: (
            webhooks.create_webhook(
                s, url="https://hooks.example:8443/a?b=1", events=webhooks.event_names("ambra")[:1], edition="ambra"
            ).id
        )
    )

    cleo.press("4").press("1").press("1")
    cleo.write(lambda s: access.revoke_key(s, made))
    assert (cleo.press("1").verdict, cleo.prompt.step, labels(cleo)) == ("E78", "card", [])

    cleo.command("back").command("back").press("5")
    assert labels(cleo) == ["hooks.example:8443"]
    cleo.press("1")
    assert [row.label for row in cleo.prompt.facts[:2]] == ["hooks.example:8443", "/a?b=1"]
    test = next(choice.code for choice in cleo.prompt.choices if choice.digit == "2")
    cleo.press("4")
    cleo.write(lambda s: webhooks.remove_webhook(s, webhooks.webhook_by_id(s, hook)))
    assert (cleo.press("2").verdict, cleo.prompt.step) == ("E78", "card")
    assert (cleo.facts["State"], labels(cleo)) == ("removed", ["Deliveries"])
    assert cleo.enter(Entry("choice", test)).verdict == "E78"

    def two(session: Any) -> None:
        for path in "ab":
            webhooks.create_webhook(
                session, url=f"https://h.example/{path}", events=["product.created"], edition="ambra"
            )

    cleo.write(two)
    assert sorted(labels(cleo.command("back"))) == ["h.example/a", "h.example/b"]


def test_a_long_list_of_keys_is_turned_by_pages(cleo: Worker) -> None:
    def many(session: Any) -> None:
        for number in range(11):
            access.add_key(session, label=f"Key {number:02}", scopes=["read"])

    cleo.write(many)
    cleo.press("4")
    first = labels(cleo)
    assert len(first) == 8
    assert len(labels(cleo.command("more"))) == 3
    assert labels(cleo.command("back")) == first
    assert cleo.command("home").reply.flow == "admin"


def test_an_old_key_and_its_unusual_use_are_told_on_its_card(ds1: tuple[Store, int], cleo: Worker) -> None:
    store, organization_id = ds1
    key, _ = cleo.write(lambda session: access.add_key(session, label="ERP", scopes=["read"]))
    cleo.press("4").press("1")
    assert cleo.facts["State"] == "active" and "Text" not in cleo.facts and "New network" not in cleo.facts

    def age(session: Any) -> None:
        own = update(ApiKey).where(col(ApiKey.organization_id) == organization_id, col(ApiKey.id) == key.id)
        session.connection().execute(own.values(created_at=now_of(session) - access.ROTATE_AFTER))

    cleo.write(age)
    for address in ("203.0.113.7", "198.51.100.1"):
        told = note_use(store, Use(organization_id, key.id, "ERP", address))
        assert told is not None
        told.result()
    assert cleo.command("back").prompt.todo[0].value == "old"
    cleo.press("1")
    assert (cleo.facts["State"], cleo.facts["Text"], cleo.facts["New network"]) == ("old", "rotate: 90 days", "08:00")
    words = [say(language, f"keys.{name}") for language in languages() for name in ("rotation", "rotation_due")]
    assert all(len(first) + 1 + len(second) <= 20 for first, second in zip(words[::2], words[1::2], strict=True))
    cleo.press("1").press("3").press("1")
    assert (cleo.facts["State"], "Text" in cleo.facts) == ("active", False)


def test_slips_are_few_and_forgotten() -> None:
    for number in range(slips.MAX_SLIPS + 1):
        slips.keep(f"slip-{number}", "s" * 40)
    assert slips.read("slip-0") is None
    assert "".join(slips.pieces("a" * 63)) == "a" * 63
    assert max(map(len, slips.pieces("a" * 63))) <= 20
    slips.drop("slip-1")
    assert slips.read("slip-1") is None
    assert engine.flows()["keys"].roles == {"admin"}
