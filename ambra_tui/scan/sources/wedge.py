"""The keyboard wedge: tells a scanner's burst from a person's typing by the gaps between key strokes.

Pure: every moment is passed in, so a stalled machine or a test decides nothing by itself. A terminal feeds it
each key before any field or command sees it, and gets back what was typed; frames go to `deliver`.

A burst begins with gaps of at most `start_gap_ms`; once more than four characters are held, or the first is a
`prefix`, or it follows the end of a code at that code's own pace, `gap_ms` is allowed. A burst that breaks off is
refused, never typed. Carriage return, line feed, both, tab and STX..ETX end a code; control characters inside a
burst are data, so no command can act from within one.

Example::

    wedge = WedgeSource()
    wedge.start(frames.append)
    for key in "A1-02\\r":
        typed = wedge.feed(Stroke(key, key, at_ms=0.0))     # [] - nothing was typed
    frames                                                  # [RawScan('A1-02', source='wedge', ...)]
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ambra_tui.scan.model import Deliver, How, RawScan, SourceState

FRAME_LIMIT = 4096
MINIMUM_BURST = 4
SAME_WRITE_MS = 2.0
STX, ETX = "\x02", "\x03"
TERMINATORS = frozenset("\r\n\t" + ETX)
UNDECODABLE = "\ufffd"
# The name a terminal gives to an escape byte that is neither the key nor the start of one.
STRAY_KEY = "shift+escape"
_NEVER_DATA = frozenset("\x00\x08\x1b\x7f")
_NUMBER = frozenset("0123456789.,+-")


@dataclass(frozen=True, slots=True)
class WedgeSettings:
    """`has_suffix` False: the scanner ends no code; a code is over when `idle_ms` pass in silence."""

    start_gap_ms: float = 35.0
    gap_ms: float = 400.0
    idle_ms: float = 120.0
    prefixes: str = "]"
    has_suffix: bool = True


@dataclass(frozen=True, slots=True)
class Stroke:
    """One key: its `key` name, its `character` (empty when it has none) and the moment it arrived."""

    key: str
    character: str
    at_ms: float


@dataclass(frozen=True, slots=True)
class Typed:
    """Strokes of a person. `is_lone`: one key with silence around it, which may act as a hot-key."""

    strokes: tuple[Stroke, ...]
    is_lone: bool


Outcome = RawScan | Typed


class Assembler:
    """Strokes in, frames and typing out."""

    def __init__(self, settings: WedgeSettings | None = None, *, source: str = "wedge") -> None:
        self.settings = settings or WedgeSettings()
        self._source = source
        self._ended_ms = float("-inf")
        self._pace_ms = 0.0
        self._ended_by = ""
        self._garbled_ms = float("-inf")
        self._clear()

    def _clear(self) -> None:
        self._held: list[Stroke] = []
        self._first_ms = self._last_ms = 0.0
        self._is_active = self._is_framed = self._is_broken = self._is_skipping = self._is_suspect = False
        self._is_uniform, self._is_following = True, False

    @property
    def deadline_ms(self) -> float | None:
        """The moment at which `expire` decides about what is held; None while nothing is."""
        return self._last_ms + self._limit if self._is_active else None

    @property
    def _limit(self) -> float:
        if self._is_skipping or self._is_broken or self._is_framed or self._is_prefixed:
            return self.settings.gap_ms
        if not self._is_following and (len(self._held) <= MINIMUM_BURST or self._is_run):
            return self.settings.start_gap_ms
        return self.settings.gap_ms if self.settings.has_suffix else self.settings.idle_ms

    @property
    def _is_prefixed(self) -> bool:
        return bool(self._held) and self._held[0].character in self.settings.prefixes

    @property
    def _is_run(self) -> bool:
        """One key held down: a person, not a scanner."""
        return self._is_uniform and len(self._held) > 1

    def feed(self, stroke: Stroke) -> list[Outcome]:
        """What is decided by one more stroke."""
        outcomes = self.expire(stroke.at_ms)
        character = stroke.character
        if character == UNDECODABLE or stroke.key == "\x00" or character == "\x00":
            self._is_suspect, self._garbled_ms = True, stroke.at_ms
            return outcomes
        if character in TERMINATORS and character:
            return outcomes + self._end(stroke)
        if self._is_skipping:
            self._last_ms = stroke.at_ms
            return outcomes
        if not character or character in _NEVER_DATA:
            return outcomes + self._interrupt(stroke)
        if character == STX and not self._held:
            self._begin(stroke.at_ms)
            self._is_framed = True
            return outcomes
        return outcomes + self._hold(stroke)

    def expire(self, now_ms: float) -> list[Outcome]:
        """What silence until `now_ms` decides."""
        if not self._is_active or now_ms - self._last_ms <= self._limit:
            return []
        held, was_skipping, was_broken = tuple(self._held), self._is_skipping, self._is_broken
        is_typing = (len(held) < MINIMUM_BURST or self._is_run) and not (self._is_framed or self._is_following)
        whole = self._frame("scan")
        self._clear()
        if was_skipping or not held:
            return []
        if was_broken:
            return [replace(whole, trouble="broken")]
        if is_typing:
            return [Typed(held, is_lone=len(held) == 1)]
        return [whole if not self.settings.has_suffix else replace(whole, trouble="broken")]

    def paste(self, text: str, at_ms: float) -> list[RawScan]:
        """The codes of one pasted text; group separators stay inside their code."""
        frames: list[RawScan] = []
        for raw_piece in _split_at_terminators(text):
            piece = raw_piece.removeprefix(STX).replace("\x00", "")
            code = piece.replace(UNDECODABLE, "")
            if not code:
                continue
            trouble = "overflow" if len(code) > FRAME_LIMIT else ""
            frame = RawScan(code[:FRAME_LIMIT], "paste", "scan", at_ms, at_ms, suspect=code != piece, trouble=trouble)
            frames.append(frame)
        return frames

    def _begin(self, at_ms: float) -> None:
        self._is_active = True
        self._first_ms = self._last_ms = at_ms
        self._is_following = self._keeps_pace(at_ms)
        self._is_suspect = at_ms - self._garbled_ms <= self.settings.gap_ms

    def _keeps_pace(self, at_ms: float) -> bool:
        """This stroke came after the end of a code no later than that code's own strokes came: the scanner goes on."""
        limit = min(self.settings.start_gap_ms, 2 * self._pace_ms + SAME_WRITE_MS)
        return at_ms - self._ended_ms <= limit

    def _hold(self, stroke: Stroke) -> list[Outcome]:
        if not self._is_active:
            self._begin(stroke.at_ms)
        self._held.append(stroke)
        self._is_uniform = self._is_uniform and stroke.character == self._held[0].character
        self._last_ms = stroke.at_ms
        if len(self._held) <= FRAME_LIMIT:
            return []
        refused = replace(self._frame("scan"), trouble="overflow")
        self._held.clear()
        self._is_skipping = True
        return [refused]

    def _interrupt(self, stroke: Stroke) -> list[Outcome]:
        """A key that is never data: inside a burst it breaks the code, beside typing it is a key."""
        if stroke.key == STRAY_KEY and not self._is_active:
            self._begin(stroke.at_ms)
        if stroke.key == STRAY_KEY or self._is_framed or self._is_broken or len(self._held) > 1:
            self._is_broken = True
            self._last_ms = stroke.at_ms
            return []
        held = tuple(self._held)
        self._clear()
        before: list[Outcome] = [Typed(held, is_lone=False)] if held else []
        return [*before, Typed((stroke,), is_lone=True)]

    def _end(self, stroke: Stroke) -> list[Outcome]:
        since_end = stroke.at_ms - self._ended_ms
        ended_by, self._ended_by = self._ended_by, stroke.character
        if not self._is_active:
            follows_return = ended_by == "\r" and stroke.character == "\n" and since_end <= self.settings.gap_ms
            if follows_return or self._keeps_pace(stroke.at_ms):
                return []
            return [Typed((stroke,), is_lone=True)]
        self._pace_ms = (stroke.at_ms - self._first_ms) / max(1, len(self._held))
        self._ended_ms = stroke.at_ms
        frame = self._frame(self._told_by())
        was_skipping, was_broken = self._is_skipping, self._is_broken
        self._clear()
        if was_skipping or not (frame.text or was_broken):
            return []
        return [replace(frame, trouble="broken") if was_broken else frame]

    def _told_by(self) -> How:
        """A short number ended at once, or a key held down, is a person's entry; all else is a scan."""
        held = self._held
        is_short_number = len(held) < MINIMUM_BURST and all(s.character in _NUMBER for s in held)
        is_stream = self._is_framed or self._is_following
        return "manual" if not is_stream and (is_short_number or len(held) < 2 or self._is_run) else "scan"

    def _frame(self, how: How) -> RawScan:
        text = "".join(stroke.character for stroke in self._held)[:FRAME_LIMIT]
        return RawScan(text, self._source, how, self._first_ms, self._last_ms, suspect=self._is_suspect)


def _split_at_terminators(text: str) -> list[str]:
    pieces, start = [], 0
    for index, character in enumerate(text):
        if character in TERMINATORS:
            pieces.append(text[start:index])
            start = index + 1
    return [*pieces, text[start:]]


class WedgeSource:
    """The wedge as a scan source: feed it every key, replay what it returns."""

    name = "wedge"

    def __init__(self, settings: WedgeSettings | None = None) -> None:
        self.assembler = Assembler(settings)
        self._deliver: Deliver | None = None

    def start(self, deliver: Deliver) -> None:
        self._deliver = deliver

    def stop(self) -> None:
        self._deliver = None

    @property
    def state(self) -> SourceState:
        return SourceState("ready" if self._deliver else "down")

    @property
    def settings(self) -> WedgeSettings:
        """How this scanner sends; may be replaced while running."""
        return self.assembler.settings

    @settings.setter
    def settings(self, settings: WedgeSettings) -> None:
        self.assembler.settings = settings

    @property
    def deadline_ms(self) -> float | None:
        """When `expire` is due; None while nothing is held."""
        return self.assembler.deadline_ms

    def feed(self, stroke: Stroke) -> list[Typed]:
        """One key in; what turned out to be typing comes back, frames go to `deliver`."""
        return self._sort(self.assembler.feed(stroke))

    def expire(self, now_ms: float) -> list[Typed]:
        """Silence until `now_ms`."""
        return self._sort(self.assembler.expire(now_ms))

    def paste(self, text: str, at_ms: float) -> None:
        """One bracketed paste: a text client sends a whole code, or several, at once."""
        for frame in self.assembler.paste(text, at_ms):
            self._hand_over(frame)

    def _sort(self, outcomes: list[Outcome]) -> list[Typed]:
        typed = []
        for outcome in outcomes:
            if isinstance(outcome, Typed):
                typed.append(outcome)
            else:
                self._hand_over(outcome)
        return typed

    def _hand_over(self, frame: RawScan) -> None:
        if self._deliver is not None:
            self._deliver(frame)


SOURCE = WedgeSource
