"""Inquiry by scanning anything, at home and in the middle of other work (FLOOR A4, F7, P10)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlmodel import Session

from ambra_tui.kit.language import keys, languages
from ambra_tui.services import catalog, orders, tasks
from tests.floor.worker import Worker, open_ds1

GLOVE_L, MILK, BOLT, FLOUR = "5001000000040", "5001000000019", "5001000000033", "5001000000088"


@pytest.fixture
def ana(sqlite_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(sqlite_url)
    yield Worker(store, organization_id, "BDG-1001")
    store.close()


def shown(worker: Worker) -> list[tuple[str, str]]:
    return [(row.label, row.value) for row in worker.prompt.facts]


def name_of(worker: Worker, sku: str) -> str:
    return worker.write(lambda session: catalog.variant_by_sku(session, sku).name)


def test_an_item_scanned_at_the_menu_opens_its_card_and_no_menu_entry(ana: Worker) -> None:
    ana.scan(BOLT)
    assert (ana.verdict, ana.reply.flow, ana.prompt.target) == ("G14", "inquiry", "BOLT-M8")
    assert ana.command("back").reply.flow == "home"


def test_p10_the_card_of_an_item_tells_bins_other_sites_and_promises(ana: Worker) -> None:
    order = ana.order("SO-9", ("GLOVE-L", 4), ("CHOC-100", 2))
    ana.write(lambda s: orders.fulfill_order(s, order))
    ana.scan(GLOVE_L)
    assert shown(ana) == [
        (name_of(ana, "GLOVE-L"), ""),
        ("A02-1", "36"),
        ("ST1/MAIN", "5"),
        ("Reserved", "0, free 36"),
    ]


def test_a_promise_shows_on_the_card_at_once(ana: Worker) -> None:
    ana.scan(GLOVE_L)
    ana.order("SO-9", ("GLOVE-L", 4))
    ana.scan(GLOVE_L)
    assert shown(ana)[-1] == ("Reserved", "4, free 36")


def test_every_kind_of_code_has_its_card(ana: Worker) -> None:
    ana.order("SO-9", ("GLOVE-L", 4))
    expected = {
        "WH1-B04-1": ("bin", "B04-1"),
        "b04-1": ("bin", "B04-1"),
        "T1": ("bin", "T1"),
        "M100": ("lot", "M100"),
        f"]C101{MILK.zfill(14)}10M090": ("lot", "M090"),
        "15001000000030": ("item", "BOLT-M8"),
        "bolt-m8": ("item", "BOLT-M8"),
        "SO-9": ("order", "SO-9"),
    }
    for code, card in expected.items():
        ana.scan(code)
        assert (ana.verdict, ana.prompt.step, ana.prompt.target) == ("G14", *card), code


def test_the_card_of_a_bin_lists_what_it_holds_and_its_doubts(ana: Worker) -> None:
    ana.scan("WH1-A04-1")
    assert shown(ana) == [("WH1", "pick bin"), ("MILK-1L", "24 M100 2026-04-10")]
    ana.scan("WH1-C03-1")
    assert shown(ana) == [("WH1", "reserve bin"), ("empty", "")]
    ana.scan("WH1-QUAR")
    assert shown(ana)[0] == ("WH1", "quarantine, on hold")

    def doubt(session: Session) -> None:
        location = ana.location(session, "A04-1")
        tasks.ask_count(session, location=location, variant_id=None, reason=tasks.SHORT_PICK)

    ana.write(doubt)
    ana.scan("WH1-A04-1")
    assert shown(ana)[0] == ("WH1", "pick bin, count asked")


def test_the_card_of_a_lot_tells_its_state_and_where_it_lies(ana: Worker) -> None:
    ana.hold("MILK-1L", "M100")
    ana.scan("M100")
    assert shown(ana) == [
        ("MILK-1L", name_of(ana, "MILK-1L")),
        ("State", "on hold"),
        ("Expires", "2026-04-10"),
        ("A04-1", "24"),
    ]


def test_the_card_of_an_order_tells_what_is_picked(ana: Worker) -> None:
    ana.order("SO-9", ("GLOVE-L", 4), ("MILK-1L", 2))
    ana.menu("pick").scan("SO-9", "WH1-A02-1", GLOVE_L, "T1").command("inquiry").scan("SO-9")
    assert shown(ana) == [("State", "reserved"), ("GLOVE-L", "4/4"), ("MILK-1L", "0/2")]


def test_an_unknown_code_is_refused_with_what_was_read_and_nothing_opens(ana: Worker) -> None:
    ana.scan("NOBODY-7")
    assert (ana.verdict, ana.words, ana.reply.flow) == (
        "E01",
        "UNKNOWN CODE: NOBODY-7 is not known here. Scan another code.",
        "home",
    )
    ana.scan("5001000000041")
    assert ana.verdict == "E23"
    ana.scan(MILK).scan("NOBODY-7")
    assert (ana.verdict, ana.prompt.target) == ("E01", "MILK-1L")


def test_the_next_code_is_the_next_card_and_one_step_back_leads_out(ana: Worker) -> None:
    ana.scan(MILK, GLOVE_L, "WH1-A01-1")
    assert ana.prompt.target == "A01-1"
    assert ana.command("back").reply.flow == "home"


def test_a_detour_returns_to_the_same_step_with_what_was_entered(ana: Worker) -> None:
    """F7: from any step, with inputs intact."""
    ana.order("SO-1", ("GLOVE-L", 10))
    ana.menu("pick").scan("SO-1", "WH1-A02-1", GLOVE_L).type("7")
    before = ana.prompt
    ana.command("inquiry")
    assert (ana.prompt.step, ana.prompt.ask) == ("ask", "Scan anything")
    ana.scan(MILK, "T4").command("inquiry").command("back")
    assert (ana.reply.flow, ana.prompt) == ("pick", before)
    assert ana.moves() == []


def test_a_detour_out_of_a_question_does_not_answer_it(ana: Worker) -> None:
    ana.order("SO-1", ("PAINT-5L", 12))
    ana.menu("pick").scan("SO-1", "WH1-B03-1", "5001000000071", "T1")
    assert ana.prompt.step == "zero"
    ana.command("inquiry").scan("WH1-B03-1").command("back")
    assert (ana.prompt.step, ana.prompt.is_dialog) == ("zero", True)


def test_a_card_stays_open_over_a_new_sign_in(ana: Worker) -> None:
    ana.scan(MILK)
    again = Worker(ana.store, ana.organization_id, "BDG-1001")
    assert (again.reply.flow, again.prompt.target) == ("inquiry", "MILK-1L")


def test_no_card_shows_a_cost(ana: Worker) -> None:
    def price(session: Session) -> None:
        catalog.variant_by_sku(session, "MILK-1L").cost_minor = 98765

    ana.write(price)
    for code in (MILK, "WH1-A04-1", "M100"):
        ana.scan(code)
        assert "987" not in repr(ana.prompt)


def test_more_places_than_fit_are_counted(ana: Worker) -> None:
    for code in ("A01-1", "A02-1", "A03-1", "B01-1", "B02-1"):
        ana.put("PAINT-5L", code, 1)
    ana.scan("5001000000071")
    assert [label for label, _ in shown(ana)][1:] == ["A01-1", "A02-1", "A03-1", "+ 3 more", "Reserved"]
    assert len(ana.prompt.contents) == 6


def test_names_of_hostile_items_are_shown_as_they_are(ana: Worker) -> None:
    evil = "[@click=app.quit]go[/]"
    ana.write(
        lambda session: catalog.create_product(
            session, name=evil, sku="EVIL-1", barcode="5901234123457", currency="EUR"
        )
    )
    ana.scan("5901234123457")
    assert shown(ana)[0] == (evil, "")


@pytest.mark.parametrize("area", ["pick.", "inquiry."])
def test_every_text_exists_in_every_language(area: str) -> None:
    english = {key for key in keys("en") if key.startswith(area)}
    assert english and {
        name: {key for key in keys(name) if key.startswith(area)} ^ english for name in languages()
    } == {name: set() for name in languages()}
