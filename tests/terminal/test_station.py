"""What a station does with what comes in, without a terminal around it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ambra_tui.errors import Conflict, Unavailable
from ambra_tui.floor.conversation import Entry
from ambra_tui.floor.host import Reply
from ambra_tui.scan.model import RawScan
from ambra_tui.tui.draft import Draft
from ambra_tui.tui.intake import QUEUE_LIMIT
from ambra_tui.tui.sound import Sound
from ambra_tui.tui.station import Station
from tests.terminal.host import COUNT, RecordingHost


def scan(text: str, **parts: Any) -> RawScan:
    return RawScan(text, "wedge", **parts)


class Bench:
    """A station, its host, what it rang; `settled` waits until everything has been answered."""

    def __init__(self, host: RecordingHost) -> None:
        self.host = host
        self.rung: list[str] = []
        self.sound = Sound(self.rung.append)
        self.station = Station(changed=lambda: None, heard=lambda: None, sound=self.sound, station="dock-1")
        self.consumer = asyncio.create_task(self.station.intake.run())

    async def settled(self) -> None:
        done = asyncio.Event()
        while self.station.intake.waiting or self.station.intake.is_answering:
            asyncio.get_running_loop().call_later(0.001, done.set)
            await done.wait()
            done.clear()

    async def later(self, seconds: float) -> None:
        done = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, done.set)
        await done.wait()

    async def turn(self) -> None:
        """What other threads have handed to the loop has been dealt with."""
        await self.later(0)

    async def sign_in(self) -> None:
        self.station.opened(self.host)
        self.station.frame(scan("BDG-1001"))
        await self.settled()
        self.station.choose("count")
        await self.settled()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMBRA_HOME", str(tmp_path))


def on_loop(story: Callable[[Bench], Coroutine[Any, Any, None]], host: RecordingHost | None = None) -> Bench:
    async def run() -> Bench:
        bench = Bench(host or RecordingHost())
        await story(bench)
        bench.consumer.cancel()
        bench.station.close()
        return bench

    return asyncio.run(asyncio.wait_for(run(), 30))


def test_what_is_scanned_before_the_store_is_open_is_answered_after() -> None:
    async def story(bench: Bench) -> None:
        bench.station.frame(scan("BDG-1001"))
        assert bench.host.heard == []
        bench.station.opened(bench.host)
        await bench.settled()
        assert [entry.text for entry in bench.host.heard] == ["BDG-1001"]

    on_loop(story)


def test_the_last_scan_does_not_stand_in_the_entry_line_of_the_next_flow() -> None:
    async def story(bench: Bench) -> None:
        await bench.sign_in()
        bench.station.frame(scan("CODE-1"))
        await bench.settled()
        assert bench.station.echo == "CODE-1"
        bench.station.command("back")
        await bench.settled()
        assert bench.station.echo == ""

    on_loop(story)


def test_a_badge_scanned_twice_does_not_become_an_entry_of_the_first_step() -> None:
    async def story(bench: Bench) -> None:
        bench.station.opened(bench.host)
        bench.station.frame(scan("BDG-1001"))
        bench.station.frame(scan("BDG-1001"))
        await bench.settled()
        assert bench.station.notice is not None
        assert bench.station.notice.code == "E41"
        assert len(bench.host.heard) == 1

    on_loop(story)


def test_the_queue_refuses_beyond_its_limit_with_a_sound_and_keeps_what_it_has() -> None:
    gate = threading.Event()

    async def story(bench: Bench) -> None:
        gate.set()
        await bench.sign_in()
        gate.clear()
        bench.station.frame(scan("FIRST"))
        await asyncio.sleep(0)
        for number in range(QUEUE_LIMIT + 3):
            bench.station.frame(scan(f"CODE-{number:05d}"))
        refused = [logged.verdict for logged in bench.station.scans].count("E55")
        gate.set()
        await bench.settled()
        heard = [entry.text for entry in bench.host.heard if entry.text.startswith("CODE")]
        assert heard == [f"CODE-{number:05d}" for number in range(len(heard))]
        assert len(heard) + refused == QUEUE_LIMIT + 3
        assert refused >= 3
        assert bench.sound.played["wrong"] == refused

    on_loop(story, RecordingHost(gate=gate))


@pytest.mark.parametrize(("trouble", "code"), [("broken", "E27"), ("overflow", "E26")])
def test_a_frame_in_trouble_is_refused_in_its_turn_and_reaches_nobody(trouble: str, code: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.sign_in()
        before = len(bench.host.heard)
        bench.station.frame(scan("500100", trouble=trouble))
        await bench.settled()
        assert bench.station.notice is not None
        assert (bench.station.notice.code, len(bench.host.heard)) == (code, before)
        bench.station.frame(scan("5001000000019"))
        await bench.settled()
        assert bench.station.notice.level == "good"

    on_loop(story)


def test_a_choice_pressed_for_an_earlier_question_is_refused() -> None:
    async def story(bench: Bench) -> None:
        await bench.sign_in()
        bench.station.command("ask")
        await bench.settled()
        bench.station.choose("lost")
        bench.station.choose("broken")
        await bench.settled()
        assert bench.station.notice is not None
        assert bench.station.notice.code == "E41"
        assert [entry.text for entry in bench.host.heard if entry.kind == "choice"] == ["count", "lost"]

    on_loop(story)


class FailingHost(RecordingHost):
    error: BaseException = RuntimeError("a fault of ours")

    def hear(self, run: int, entry: Entry) -> Future[Reply]:
        if entry.text == "FAIL":
            failed: Future[Reply] = Future()
            failed.set_exception(self.error)
            return failed
        return super().hear(run, entry)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (Unavailable("The disk is full. Nothing was saved."), "E98", "The disk is full. Nothing was saved."),
        (Conflict("Somebody else was first."), "E99", "Somebody else was first."),
        (RuntimeError("a fault of ours"), "E97", "The step was not saved. Do it again."),
    ],
)
def test_a_step_that_fails_is_told_and_the_next_one_goes_on(error: BaseException, code: str, words: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.sign_in()
        bench.station.frame(scan("FAIL"))
        await bench.settled()
        assert bench.station.notice is not None
        assert (bench.station.notice.code, bench.station.notice.detail) == (code, words)
        bench.station.frame(scan("5001000000019"))
        await bench.settled()
        assert bench.station.notice.level == "good"

    host = FailingHost()
    host.error = error
    on_loop(story, host)


def test_an_answer_stays_through_a_look_and_goes_with_enter() -> None:
    """F6: an answer stays until Enter."""

    async def story(bench: Bench) -> None:
        await bench.sign_in()
        bench.station.frame(scan("E03"))
        await bench.settled()
        looked = asyncio.Event()
        loop = asyncio.get_running_loop()
        bench.host.looked = lambda: loop.call_soon_threadsafe(looked.set)
        bench.host.wake()
        bench.host.wake()
        await looked.wait()
        await bench.settled()
        assert bench.station.notice is not None
        assert bench.station.notice.code == "E03"
        bench.station.enter()
        assert bench.station.notice is None

    on_loop(story)


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_look_is_spared_by_an_answer_that_came_after_the_facts(
    is_answered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ambra_tui.tui.station.LOOK_DELAY_SECONDS", 0.02)
    looks: list[str] = []

    async def story(bench: Bench) -> None:
        await bench.sign_in()
        bench.host.looked = lambda: looks.append("look")
        bench.host.wake()
        await bench.turn()
        bench.station.frame(scan("CODE-1" if is_answered else "FAIL"))
        await bench.settled()
        await bench.later(0.1)
        await bench.settled()

    on_loop(story, FailingHost())
    assert len(looks) == (0 if is_answered else 1)


def test_digits_typed_then_a_fast_end_are_one_entry() -> None:
    async def story(bench: Bench) -> None:
        await bench.sign_in()
        bench.station.type("10")
        bench.station.frame(scan("6", how="manual"))
        await bench.settled()
        assert (bench.host.heard[-1].text, bench.host.heard[-1].how) == ("106", "manual")

    on_loop(story)


def test_what_was_typed_before_a_scan_is_not_glued_to_it() -> None:
    async def story(bench: Bench) -> None:
        await bench.sign_in()
        bench.station.type("12")
        bench.station.frame(scan("5001000000019"))
        await bench.settled()
        assert (bench.host.heard[-1].text, bench.station.typed) == ("5001000000019", "")

    on_loop(story)


class SecretHost(RecordingHost):
    def _reply(self, *arguments: Any) -> Reply:
        reply = super()._reply(*arguments)
        return replace(reply, prompt=replace(COUNT, is_secret=True)) if reply.prompt else reply


def test_a_secret_is_neither_shown_nor_kept() -> None:
    async def story(bench: Bench) -> None:
        await bench.sign_in()
        bench.station.type("4711")
        assert bench.station.chrome(scanner="ready").typed == "••••"
        bench.station.enter()
        await bench.settled()
        assert bench.host.heard[-1].text == "4711"
        shown = [bench.station.echo, *(logged.raw.text for logged in bench.station.scans)]
        assert not any("4711" in text for text in shown)

    on_loop(story, SecretHost())


def test_sounds_tell_the_levels_apart() -> None:
    """F6: one, two and three bells."""

    async def story(bench: Bench) -> None:
        await bench.sign_in()
        bench.rung.clear()
        for code in ("5001000000019", "W01", "E03"):
            bench.station.frame(scan(code))
        await bench.settled()
        assert [len(bells) for bells in bench.rung] == [1, 2, 3]

    on_loop(story)


def test_a_look_up_gives_back_what_was_typed() -> None:
    async def story(bench: Bench) -> None:
        await bench.sign_in()
        bench.station.type("12")
        bench.station.command("inquiry")
        await bench.settled()
        assert bench.station.typed == ""
        bench.station.type("9")
        bench.station.command("back")
        await bench.settled()
        assert bench.station.typed == "12"

    on_loop(story, DetourHost())


class DetourHost(RecordingHost):
    """An inquiry is a step of its own; back leads to the count again."""

    def _hear(self, run: int, entry: Entry) -> Reply:
        if entry.text == "inquiry":
            return self._begin(replace(COUNT, step="card"), "inquiry")
        return self._begin(COUNT, "count") if entry.text in ("back", "count") else super()._hear(run, entry)


def test_unsent_digits_come_back_to_the_same_worker_at_the_same_step(tmp_path: Path) -> None:
    draft = Draft("dock-1", folder=tmp_path)
    draft.keep("ana", "pick.quantity", "12")
    assert Draft("dock-1", folder=tmp_path).find("ana", "pick.quantity") == "12"
    assert draft.find("ben", "pick.quantity") == ""
    assert draft.find("ana", "pick.bin") == ""
    assert Draft("dock-2", folder=tmp_path).find("ana", "pick.quantity") == ""
    draft.keep("ana", "pick.quantity", "")
    assert draft.find("ana", "pick.quantity") == ""
    (tmp_path / next(iter(tmp_path.iterdir()), tmp_path / "x.json")).write_text("{", encoding="utf-8")
    assert draft.find("ana", "pick.quantity") == ""


def test_a_secret_never_reaches_the_draft(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.sign_in()
        bench.station.type("4711")
        assert not list((tmp_path / "drafts").glob("*")) if (tmp_path / "drafts").exists() else True

    on_loop(story, SecretHost())
