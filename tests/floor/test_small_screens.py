"""Questions on the smallest handheld: every fact and every answer is read whole, in every language."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rich.cells import cell_len
from sqlmodel import Session

from ambra_tui.kit.language import keys, languages, say
from ambra_tui.services import access
from ambra_tui.store.models import User
from ambra_tui.store.scope import organization_of, scoped
from ambra_tui.tui.arrange import arrange
from ambra_tui.tui.view import Chrome, Notice, key_label, view_of
from tests.floor import packing
from tests.floor.receiving import buy
from tests.floor.test_produce import MILK, started
from tests.floor.test_returns import authorize, ship
from tests.floor.worker import Worker

ROWS, COLUMNS = 16, 20
ANSWER_COLUMNS = COLUMNS - len(" 1  ")
GLOVE, PAINT = "5001000000040", "5001000000071"
SECRET = "correct horse"
EVERYWHERE = (("f1", "help"), ("f3", "inquiry"), ("escape", "back"))


@pytest.mark.parametrize("language", languages())
def test_every_reason_fits_beside_its_digit(language: str) -> None:
    reasons = [key for key in keys(language) if key.rpartition(".")[2].startswith("reason_")]
    assert reasons
    for key in reasons:
        assert cell_len(say(language, key)) <= ANSWER_COLUMNS, key


def picked_less(worker: Worker) -> Worker:
    worker.order("SO-1", ("GLOVE-L", 10))
    return worker.menu("pick").scan("SO-1", "WH1-A02-1", GLOVE).type("6").scan("T1")


def closed_short(worker: Worker) -> Worker:
    buy(worker, "PO-1", ("PAINT-5L", 20))
    return worker.menu("receive").scan("PO-1", PAINT).type("17").scan("WH1-RECV").command("close")


def wasted(worker: Worker) -> Worker:
    return worker.menu("waste").scan("WH1-A02-1", GLOVE).type("2").command("done")


def returned(worker: Worker) -> Worker:
    authorize(worker, "RMA-1", ship(worker, "SO-9", ("GLOVE-L", 4)), ("GLOVE-L", 2, "sellable"))
    return worker.menu("returns").scan("RMA-1", GLOVE)


def taken_back(worker: Worker) -> Worker:
    buy(worker, "PO-1", ("MILK-1L", 120))
    label = "]C10215001000000016172607153710\x1d10M130"
    return worker.menu("receive").scan("PO-1", "]C100050010000000000019", label, "WH1-RECV").command("undo")


def signing_off(worker: Worker) -> Worker:
    return worker.menu("putaway").command("sign_out")


def taken_over(worker: Worker) -> Worker:
    return worker.menu("putaway").scan("BDG-1002")


def administrated(worker: Worker) -> Worker:
    def give_password(session: Session) -> None:
        access.set_password(session, session.exec(scoped(session, User).where(User.role == "supervisor")).one(), SECRET)

    worker.write(give_password)
    return worker.command("sign_out").press("5").type(SECRET).press("2").type("Ana")


def in_office(worker: Worker) -> Worker:
    """An administrator behind the password."""

    def promote(session: Session) -> None:
        user = session.get(User, (organization_of(session), worker.reply.user_id))
        assert user is not None
        user.role = "admin"
        access.set_password(session, user, SECRET)

    worker.write(promote)
    return worker.command("sign_out").press("5").type(SECRET)


def key_shown(worker: Worker) -> Worker:
    return in_office(worker).press("4").command("new").type("Web shop").press("2").press("2").press("1").press("4")


def key_card(worker: Worker) -> Worker:
    return key_shown(worker).press("1")


def key_ends(worker: Worker) -> Worker:
    return key_card(worker).press("2")


def key_turned(worker: Worker) -> Worker:
    return key_card(worker).press("1")


def webhook_shown(worker: Worker) -> Worker:
    return in_office(worker).press("5").command("new").type("https://hooks.example/a").press("1")


def webhook_card(worker: Worker) -> Worker:
    return webhook_shown(worker).press("1")


def webhook_delivery(worker: Worker) -> Worker:
    return webhook_card(worker).press("2").press("1").press("1")


def webhook_removed(worker: Worker) -> Worker:
    return webhook_card(worker).press("5")


def recalled(worker: Worker) -> Worker:
    def promote(session: Session) -> None:
        user = session.get(User, (organization_of(session), worker.reply.user_id))
        assert user is not None
        user.role = "supervisor"
        session.add(user)

    worker.write(promote)
    return worker.menu("desk").press("3").scan(f"]C1010{MILK}10M100").command("go")


def taken_over_plan(worker: Worker) -> Worker:
    started(worker)
    return worker.scan("WH1-B04-1", "M090", "WH1-A04-1").type("20").scan(f"]C1010{MILK}10M100")


def lost_in_a_batch(worker: Worker) -> Worker:
    started(worker)
    return worker.command("waste").scan("WH1-A04-1", f"]C1010{MILK}10M100").type("3")


def packed(worker: Worker) -> Worker:
    packing.settle(worker)
    packing.picked(worker, "SO-1", ("GLOVE-L", 2), ("CHOC-100", 24))
    worker.menu("pack").scan("T1", GLOVE).command("enough")
    return worker.type("1.5")


def packed_for_nobody(worker: Worker) -> Worker:
    packing.picked(worker, "SO-1", ("GLOVE-L", 1))
    return worker.menu("pack").scan("T1", GLOVE).command("close")


def carriers_listed(worker: Worker) -> Worker:
    def promote(session: Session) -> None:
        user = session.get(User, (organization_of(session), worker.reply.user_id))
        assert user is not None
        user.role = "supervisor"
        session.add(user)

    worker.write(promote)
    return packed(worker).press("2")


QUESTIONS = {
    "pick": picked_less, "receive": closed_short, "waste": wasted, "return": returned, "undo": taken_back,
    "sign_off": signing_off, "take_over": taken_over, "admin": administrated,
    "key": key_shown, "key_card": key_card, "key_ends": key_ends, "key_turned": key_turned,
    "webhook": webhook_shown, "webhook_card": webhook_card, "delivery": webhook_delivery, "removed": webhook_removed,
    "pack": packed, "pack_without": packed_for_nobody, "carriers": carriers_listed,
    "recall": recalled, "more_than_planned": taken_over_plan, "batch_waste": lost_in_a_batch,
}  # fmt: skip


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
def test_every_fact_and_answer_of_a_question_is_seen(
    desk: Worker, language: str, ask: Callable[[Worker], Worker]
) -> None:
    desk.speak(language)
    reply = ask(desk).reply
    assert reply.prompt is not None and reply.prompt.choices
    words = reply.words
    notice = Notice(words.code, words.level, words.headline, words.detail) if words else None
    more_keys = [(key_label(key), say(language, f"terminal.key_{name}")) for key, name in EVERYWHERE]
    lines = arrange(
        view_of(reply.prompt, more_keys=more_keys), Chrome(place="WH1", notice=notice), width=COLUMNS, height=ROWS
    )
    shown = " ".join(" ".join("".join(part for part, _ in line) for line in lines).split())
    for fact in reply.prompt.facts:
        assert fact.label in shown and fact.value in shown, fact
    for choice in reply.prompt.choices:
        assert f"{choice.digit} {choice.label}" in shown, choice
    assert words is None or words.headline in shown
