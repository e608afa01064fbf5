"""A serial scanner on a pseudo-terminal pair: what is cut, glued, broken, unplugged and plugged in again."""

from __future__ import annotations

import os
import queue
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ambra_tui.kit.clock import monotonic_milliseconds
from ambra_tui.scan.model import RawScan
from ambra_tui.scan.sources.serial import FRAME_LIMIT, ByteFramer, SerialSource, find_port

DEADLINE_SECONDS = 10.0


class Cable:
    """A pseudo-terminal under a stable name, as `/dev/serial/by-id` gives one."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.master = -1

    def plug(self) -> None:
        self.master, far_end = os.openpty()
        tty.setraw(far_end)
        name = os.ttyname(far_end)
        self.far_end = far_end
        fresh = self.link.with_suffix(".new")
        fresh.symlink_to(name)
        fresh.replace(self.link)

    def unplug(self) -> None:
        self.link.unlink(missing_ok=True)
        os.close(self.far_end)
        os.close(self.master)
        self.master = -1

    def send(self, raw: bytes) -> None:
        os.write(self.master, raw)


class Bench:
    """A source, its cable, its frames and its changes of state."""

    def __init__(self, link: Path) -> None:
        self.cable = Cable(link)
        self.frames: queue.Queue[RawScan] = queue.Queue()
        self.changed = threading.Condition()
        self.source = SerialSource(str(link), on_change=self._note)

    def _note(self) -> None:
        with self.changed:
            self.changed.notify_all()

    def await_condition(self, wanted: str) -> float:
        """Milliseconds until the source's condition is `wanted`."""
        start = monotonic_milliseconds()
        with self.changed:
            assert self.changed.wait_for(lambda: self.source.state.condition == wanted, DEADLINE_SECONDS)
        return monotonic_milliseconds() - start

    def next(self) -> RawScan:
        return self.frames.get(timeout=DEADLINE_SECONDS)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "scanner")
    made.cable.plug()
    made.source.start(made.frames.put)
    made.await_condition("ready")
    yield made
    made.source.stop()
    if made.cable.master >= 0:
        made.cable.unplug()


def test_codes_cut_over_reads_and_several_in_one_arrive_exactly(bench: Bench) -> None:
    bench.cable.send(b"]C110LOT-7\x1d21S")
    bench.cable.send(b"ER9\rA1-02\r\nB1-03\r\n\r\n")
    assert [bench.next().text for _ in range(3)] == ["]C110LOT-7\x1d21SER9", "A1-02", "B1-03"]
    many = [f"CODE-{n:05d}" for n in range(300)]
    for code in many:
        bench.cable.send(code.encode() + b"\r")
    assert [bench.next().text for _ in many] == many


def test_half_a_code_is_dropped_after_silence_and_the_next_is_exact(bench: Bench) -> None:
    bench.cable.send(b"50010000")
    broken = bench.next()
    assert (broken.text, broken.trouble) == ("50010000", "broken")
    bench.cable.send(b"5001000000019\r")
    assert (bench.next().text, bench.frames.qsize()) == ("5001000000019", 0)


def test_garbage_is_stripped_and_told(bench: Bench) -> None:
    bench.cable.send(b"\xff\xfe5001000000019\r5001000000026\r")
    assert [(f.text, f.suspect) for f in (bench.next(), bench.next())] == [
        ("5001000000019", True),
        ("5001000000026", False),
    ]


def test_a_frame_without_end_is_refused_once_and_leaves_no_tail(bench: Bench) -> None:
    bench.cable.send(b"x" * (FRAME_LIMIT + 1))
    refused = bench.next()
    bench.cable.send(b"tail of it\rA1-02\r")
    assert (refused.trouble, bench.next().text, bench.frames.qsize()) == ("overflow", "A1-02", 0)


def test_unplugged_within_a_second_and_back_within_two(bench: Bench) -> None:
    bench.cable.unplug()
    assert bench.await_condition("reconnecting") < 1000
    bench.cable.plug()
    assert bench.await_condition("ready") < 2000
    bench.cable.send(b"A1-02\r")
    assert bench.next().text == "A1-02"


def test_a_second_reader_is_refused(bench: Bench) -> None:
    second = Bench(bench.cable.link)
    second.source.start(second.frames.put)
    second.await_condition("reconnecting")
    second.source.stop()


def test_what_arrived_before_opening_is_not_a_scan(tmp_path: Path) -> None:
    made = Bench(tmp_path / "scanner")
    made.cable.plug()
    made.cable.send(b"STALE\r")
    made.source.start(made.frames.put)
    made.await_condition("ready")
    made.cable.send(b"FRESH\r")
    assert made.next().text == "FRESH"
    made.source.stop()
    made.cable.unplug()


def test_half_a_code_at_the_moment_of_unplugging_is_told_and_never_glued() -> None:
    framer = ByteFramer()
    assert framer.feed(b"half a co", 1.0) == []
    assert [(f.text, f.trouble) for f in framer.reset()] == [("half a co", "broken")]
    assert [f.text for f in framer.feed(b"A1-02\r", 2.0)] == ["A1-02"]


@given(st.lists(st.binary(min_size=0, max_size=30), max_size=20))
def test_cutting_the_stream_anywhere_changes_nothing(chunks: list[bytes]) -> None:
    whole = ByteFramer().feed(b"".join(chunks) + b"\r", 1.0)
    framer = ByteFramer()
    parts = [frame for chunk in [*chunks, b"\r"] for frame in framer.feed(chunk, 1.0)]
    assert [(f.text, f.suspect) for f in parts] == [(f.text, f.suspect) for f in whole]


def test_a_path_names_itself_and_an_absent_device_is_none() -> None:
    assert find_port("/dev/ttyUSB7") == "/dev/ttyUSB7"
    assert find_port("ffff:ffff") is None
