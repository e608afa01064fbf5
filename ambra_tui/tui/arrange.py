"""Where everything stands on a screen of any size: a pure function from a view to lines of styled text.

Nothing scrolls. From small to large a screen gains rows for keys, large letters, air, a progress bar and, beside
the step, what is left to do, what the bin holds and the last verdicts.

Example::

    lines = arrange(view, chrome, width=20, height=16)     # 16 lines of at most 20 columns
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from ambra_tui.kit.text import printable
from ambra_tui.tui import letters
from ambra_tui.tui.symbol import symbol_rows
from ambra_tui.tui.text import clip, fit, wrap
from ambra_tui.tui.view import Chrome, Fact, Level, Notice, View

Span = tuple[str, str]
Line = tuple[Span, ...]

SIDE_FROM, WIDE_FROM = 76, 100
NARROW_SIDE = 30  # a verdict's code and its headline of 20 columns, without the moment
LOW = 8
READABLE = 6  # rows of a step from which a card has room for its question
MENU_FROM = 7  # a step with so many choices is a menu
ROOMY, TIGHT = 17, 5  # columns of a choice with its whole label, and with the beginning of it
_SIGN: dict[Level, str] = {"good": "✓", "doubt": "!", "wrong": "✗"}
_GAP = ("", "")


def arrange(view: View, chrome: Chrome, *, width: int, height: int) -> list[Line]:
    """Exactly `height` lines of at most `width` columns."""
    if width < 1 or height < 1:
        return []
    if view.symbol:
        return [_clamped(line, width) for line in _with_symbol(view, chrome, width, height)]
    foot = [] if height < 10 else [_status_line(chrome, width)]
    side_width = _side_width(view, width)
    upper, bottom = _main(view, chrome, width - side_width, height - 1 - len(foot), screen_width=width)
    if side_width:
        right = _side(view, chrome, side_width - 2, len(upper))
        upper = [_beside(a, b, width - side_width) for a, b in zip(upper, right, strict=True)]
    lines = [_header(view, chrome, width, shows_place=not foot), *upper, *bottom, *foot]
    return [_clamped(line, width) for line in lines[:height]]


def _clamped(line: Line, width: int) -> Line:
    """No line is ever wider than the screen, whatever names it holds."""
    left = width
    spans: list[Span] = []
    for part, style in line:
        shown = clip(part, left)
        spans.append((shown, style))
        left -= cell_len(shown)
        if left <= 0:
            break
    return tuple(spans)


@dataclass(frozen=True, slots=True)
class _Plan:
    """How many rows each part gets."""

    target: int
    ask: int
    body: int
    entry: int
    verdict: int
    keys: int
    bar: int
    air: int
    spreads: bool


def _side_width(view: View, width: int) -> int:
    if width < SIDE_FROM or not (view.todo or view.contents or view.history):
        return 0
    return width * 2 // 5 if width >= WIDE_FROM else NARROW_SIDE


def _header(view: View, chrome: Chrome, width: int, *, shows_place: bool) -> Line:
    progress = f"{view.progress[0]}/{view.progress[1]}" if view.progress else ""
    right = " ".join(part for part in (chrome.place if shows_place and width >= 30 else "", progress) if part)
    if chrome.banner:
        right = f"{chrome.banner} {right}".strip() if width >= 30 else right or chrome.banner
    if cell_len(view.title) + cell_len(right) + 3 > width:
        right = progress
    title = _short_title(view.title, width - cell_len(right) - 3 if right else width - 2)
    pad = width - cell_len(title) - cell_len(right) - 2
    return ((f" {title}", "title"), (" " * pad, "title"), (f"{right} ", "title_right"))


def _short_title(title: str, room: int) -> str:
    """Leading words give way before the last one, a document's number, is cut."""
    while cell_len(title) > room and " " in title:
        title = title.partition(" ")[2]
    return clip(title, room)


def _status_line(chrome: Chrome, width: int) -> Line:
    mark = {"ready": "●", "reconnecting": "○"}.get(chrome.scanner, "✗")
    style = {"ready": "status_good", "reconnecting": "status_doubt"}.get(chrome.scanner, "status_wrong")
    left = f" {chrome.place}"
    full = f"{mark} {chrome.scanner_word}"
    scanner = full if cell_len(left) + cell_len(full) + 3 <= width else mark
    rest = width - cell_len(left) - cell_len(scanner) - 2
    if rest < 0:
        return ((fit(left, width), "status"),)
    server = ""
    for candidate in (f"{chrome.person}  {chrome.server}", chrome.server, chrome.server.rpartition("//")[2],
                      ":" + chrome.server.rpartition(":")[2] if chrome.server else ""):  # fmt: skip
        if cell_len(candidate.strip()) + 2 <= rest:
            server = candidate.strip()
            break
    pad = rest - cell_len(server) - 1
    return ((left, "status"), ("  ", "status"), (scanner, style), (" " * pad, "status"), (f"{server} ", "status"))[:6]


def _margin(width: int) -> int:
    return 0 if width < 30 else 1 if width < 60 else 2


def _main(view: View, chrome: Chrome, width: int, height: int, *, screen_width: int) -> tuple[list[Line], list[Line]]:
    """The step above, `width` wide; what was entered, the verdict and the keys below, as wide as the screen."""
    margin = _margin(screen_width)
    inner, wide = width - 2 * margin, screen_width - 2 * margin
    is_low = height < LOW
    asks = _joined(view, inner) if is_low and view.target else [((row, "ask"),) for row in wrap(view.ask, inner)]
    if view.is_card and view.target and height < READABLE:
        asks = _target(view.target, inner, 1)
    items = _body(view, inner)
    plan = _plan(view, chrome, inner, wide, height, asks=len(asks), items=len(items))
    air: Line = (_GAP,)
    lines = [air] if plan.air >= 1 else []
    target = _target(view.target or view.emblem, inner, plan.target)
    lines += [*target, air] if target and plan.air >= 2 else target
    lines += _kept(asks, plan.ask)
    if plan.bar and view.progress:
        lines += [air, _progress_bar(view.progress, inner)] if plan.air >= 3 else [_progress_bar(view.progress, inner)]
    lines += [air] if plan.air >= 2 and items else []
    if len(items) > plan.body:
        items = _squeezed(view, inner, plan.body)
    elif plan.spreads:
        items = [spread for line in items for spread in (line, air)]
    lines += items
    bottom = _entry(view, chrome, wide, shares=plan.keys == 0) if plan.entry else []
    bottom += [air] if plan.air >= 2 and plan.entry else []
    bottom = [_indented(line, margin) for line in bottom]
    bottom += _verdict(chrome.notice, screen_width, plan.verdict, margin)
    bottom += [_indented(line, margin) for line in _keys(view.keys, wide, plan.keys)]
    room = max(0, height - len(bottom))
    upper = [_indented(line, margin) for line in lines[:room]]
    return upper + [air] * (room - len(upper)), bottom


def _menu_plan(
    view: View, chrome: Chrome, width: int, wide: int, height: int, *, asks: int, items: int
) -> _Plan | None:
    """A long menu that does not fit as it is: its labels come first; the keys, the question, the idle entry row and the
    verdict's second row give way in this order. None where nothing has to give way, or where that is not enough."""
    parts = {
        "ask": asks,
        "entry": 1,
        "keys": 1 if height >= LOW else 0,
        "verdict": _verdict_rows(chrome.notice, wide),
    }
    is_idle = not (chrome.typed or chrome.echo)
    if len(view.choices) < MENU_FROM or items + sum(parts.values()) + 1 <= height:
        return None
    for column in (ROOMY, TIGHT):
        rows = -(-len(view.choices) // max(1, width // column))
        for name, least in (("", 0), ("keys", 0), ("ask", 0), ("entry", 0 if is_idle else 1), ("verdict", 1)):
            if name:
                parts[name] = min(parts[name], least)
            spare = height - rows - sum(parts.values())
            if spare >= 0:
                body = rows + min(spare, len(view.facts))
                return _Plan(0, parts["ask"], body, parts["entry"], parts["verdict"], parts["keys"], 0, 0, False)
    return None


def _plan(view: View, chrome: Chrome, width: int, wide: int, height: int, *, asks: int, items: int) -> _Plan:
    """Least first; a strip with nothing to say lends its rows; what is spare then goes to what helps most."""
    menu = _menu_plan(view, chrome, width, wide, height, asks=asks, items=items)
    if menu is not None:
        return menu
    entry = 1 if height >= 4 else 0
    verdict = 1 if height < 6 else 2 if height < 14 or 36 <= wide < 100 else 3
    keys = 1 if height >= LOW else 0
    has_target = bool(view.target) and height >= LOW
    target = 1 if has_target else 0
    ask = min(asks, 3)
    spare = height - entry - verdict - keys - target - ask
    least = max(1 if height >= LOW else 0, _verdict_rows(chrome.notice, wide))
    lent = min(max(0, verdict - least), max(0, items - spare))
    verdict, spare = verdict - lent, spare + lent
    body = min(items, max(0, spare))
    spare -= body
    if spare < 0:
        ask = max(1, ask + spare)
        spare = 0
    wanted = _verdict_rows(chrome.notice, wide) - verdict
    if wanted > 0:
        given = min(wanted, spare + max(0, body - 1 if view.choices else body - 2))
        verdict, taken = verdict + given, max(0, given - spare)
        spare, body = max(0, spare - given), body - taken
    wanted_keys = min(_key_rows(view.keys, wide) - 1, 2) if keys else 0
    lent = min(max(0, verdict - least), max(0, wanted_keys - spare))
    more_keys = max(0, min(wanted_keys, spare + lent))
    verdict, keys, spare = verdict - lent, keys + more_keys, spare + lent - more_keys
    letter_rows = _letter_rows(view.target or view.emblem, width, spare + target) if height >= LOW else 0
    spare -= max(0, letter_rows - target)
    target = letter_rows or target
    bar = 1 if view.progress and spare >= 3 and width >= 30 else 0
    spare -= bar
    air = 0
    for cost in (1, 3, 2):
        if spare < cost:
            break
        air, spare = air + 1, spare - cost
    spreads = bool(view.choices) and spare >= items
    return _Plan(target, ask, body, entry, verdict, keys, bar, air, spreads)


def _letter_rows(target: str, width: int, room: int) -> int:
    """Rows of large letters for `target`: five, three, or none where it does not fit."""
    if not letters.can_draw(target):
        return 0
    if room >= 8 and cell_len(letters.large(target)[0]) <= width:
        return 5
    return 3 if room >= 3 and cell_len(letters.small(target)[0]) <= width else 0


def _kept(rows: Sequence[Line], count: int) -> list[Line]:
    """The first `count` rows; the last of them ends in an ellipsis when there were more."""
    if len(rows) <= count or count <= 0:
        return list(rows[:count])
    last, style = rows[count - 1][-1]
    return [*rows[: count - 1], (*rows[count - 1][:-1], (f"{last}…", style))]


def _joined(view: View, width: int) -> list[Line]:
    """Target and question share a line where there is no room for two."""
    target = f" {clip(view.target, width - 2)} "
    beside = width - cell_len(target) - 1
    first = wrap(view.ask, beside)[:1] if beside >= 8 else []
    if not first:
        return [((target, "target"),), *(((row, "ask"),) for row in wrap(view.ask, width))]
    rest = wrap(" ".join(view.ask.split())[len(first[0]) :], width)
    return [((target, "target"), (" ", ""), (first[0], "ask")), *(((row, "ask"),) for row in rest)]


def _target(target: str, width: int, rows: int) -> list[Line]:
    if rows == 0 or not target:
        return []
    if rows == 5:
        return [((row, "large"),) for row in letters.large(target)]
    if rows == 3:
        return [((row, "large"),) for row in letters.small(target)]
    return [((fit(f" {clip(target, width - 2)} ", width), "target"),)]


def _progress_bar(progress: tuple[int, int], width: int) -> Line:
    done, total = progress
    words = f" {done}/{total}"
    room = max(4, min(width, 60) - cell_len(words))
    filled = room * min(done, total) // total if total > 0 else 0
    return (("━" * filled, "bar"), ("━" * (room - filled), "bar_rest"), (words, "value"))


def _body(view: View, width: int) -> list[Line]:
    facts = [line for fact in view.facts for line in _fact(fact, width, _label_width(view.facts, width))]
    choices = [_choice(digit, label, width) for digit, label in view.choices]
    return facts + choices


def _label_width(facts: Iterable[Fact], width: int) -> int:
    return min(max((cell_len(fact.label) for fact in facts if fact.value), default=0), width // 2)


def _fact(fact: Fact, width: int, label_width: int) -> list[Line]:
    value_style = "strong" if fact.emphasis else "done" if fact.done else "value"
    if not fact.value:
        return [((row, value_style),) for row in wrap(fact.label, width)] or [(_GAP,)]
    if cell_len(fact.label) + 1 + cell_len(fact.value) <= width:
        pad = max(label_width - cell_len(fact.label), 0)
        pad = min(pad, width - cell_len(fact.label) - 1 - cell_len(fact.value))
        return [((fact.label + " " * (pad + 1), "label"), (fact.value, value_style))]
    return [
        ((clip(fact.label, width), "label"),),
        *(((f" {row}", value_style),) for row in wrap(fact.value, width - 1)),
    ]


def _choice(digit: str, label: str, width: int) -> Line:
    return ((f" {digit} ", "digit"), (" ", ""), (clip(label, width - cell_len(digit) - 3), "choice"))


def _squeezed(view: View, width: int, rows: int) -> list[Line]:
    """Choices keep their digits, in columns where need be; facts flow on in what is left."""
    if rows <= 0:
        return []
    choices = _choice_rows(view.choices, width, rows)
    flowing = _flow([(f"{fact.label} ".lstrip(), fact.value, fact) for fact in view.facts], width, rows - len(choices))
    return flowing + choices


def _choice_rows(choices: Sequence[tuple[str, str]], width: int, rows: int) -> list[Line]:
    if not choices:
        return []
    columns = -(-len(choices) // rows)
    each = max(TIGHT, width // columns)
    lines: list[Line] = []
    for row in range(-(-len(choices) // columns)):
        spans: list[Span] = []
        for digit, label in choices[row * columns : (row + 1) * columns]:
            spans += _short_choice(digit, label, each) if each < 9 else _narrow_choice(digit, label, each)
        lines.append(tuple(spans))
    return lines


def _narrow_choice(digit: str, label: str, width: int) -> list[Span]:
    """A label that does not fit gives up its count before it is cut."""
    room = width - 3 - cell_len(digit)
    if cell_len(label) > room and label.endswith(")"):
        label = label.rpartition(" (")[0] or label
    return [(f" {digit} ", "digit"), (f" {fit(label, room)}", "choice")]


def _short_choice(digit: str, label: str, width: int) -> list[Span]:
    """The digit and as many letters as there is room for."""
    room = width - 1 - cell_len(digit)
    return [(digit, "digit"), (fit(label if cell_len(label) <= room else label[:room], room + 1), "choice")]


def _flow(items: Sequence[tuple[str, str, Fact]], width: int, rows: int) -> list[Line]:
    if rows <= 0:
        return []
    lines: list[list[Span]] = [[]]
    used = 0
    for label, value, fact in items:
        need = cell_len(label) + cell_len(value)
        if used and used + 2 + need > width:
            lines.append([])
            used = 0
        spans = [("  ", "")] if used else []
        style = "strong" if fact.emphasis else "done" if fact.done else "value"
        room = width - used - (2 if used else 0)
        if not value:
            spans.append((clip(label.rstrip(), room), style))
        else:
            fits = cell_len(label) + cell_len(value) <= room
            spans += [(label if fits else "", "label"), (clip(value, room), style)]
        lines[-1] += spans
        used += (2 if used else 0) + min(need, room)
    return [tuple(line) for line in lines[:rows] if line]


def _entry(view: View, chrome: Chrome, width: int, *, shares: bool) -> list[Line]:
    """The one row where typing and the last scan appear; on small screens the keys share it."""
    waiting = f" +{chrome.pending}" if chrome.pending else ""
    room = width - 3 - cell_len(waiting)
    if chrome.typed:
        shown = chrome.typed if cell_len(chrome.typed) <= room else "…" + chrome.typed[-(room - 1) :]
        pad = " " * (room - cell_len(shown))
        return [(("› ", "prompt"), (shown, "typed"), (" ", "cursor"), (pad, ""), (waiting, "pending"))]
    if chrome.echo:
        shown = clip(chrome.echo, room + 1)
        pad = " " * (room + 1 - cell_len(shown))
        return [(("› ", "prompt"), (shown, "echo"), (pad, ""), (waiting, "pending"))]
    if shares and view.keys:
        return _keys(view.keys, width, 1)
    return [(("› ", "prompt"), (" ", "cursor"), (f" {clip(chrome.placeholder, room - 1)}", "hint"))]


def _verdict_rows(notice: Notice | None, width: int) -> int:
    if notice is None:
        return 0
    return len(_headline(notice, width)) + len(wrap(notice.detail, max(4, width)))


def _headline(notice: Notice, width: int) -> list[str]:
    """Sign, code and words; without the sign, then over two rows, where they do not fit."""
    words = f"{notice.code} {notice.headline}".strip()
    signed = f"{_SIGN[notice.level]} {words}"
    return [signed] if cell_len(signed) <= width else wrap(words, max(4, width))


def _verdict(notice: Notice | None, width: int, rows: int, margin: int) -> list[Line]:
    """A strip as wide as the screen; its colour, sign, code and words all say the same."""
    if rows <= 0:
        return []
    if notice is None:
        return [((" " * width, "calm"),)] * rows
    inner = width - 2 * margin
    heads = _headline(notice, inner)
    details = wrap(notice.detail, max(4, inner))
    if len(heads) + len(details) > rows:
        kept = max(0, rows - len(heads))
        details = [*details[: kept - 1], clip(" ".join(details[kept - 1 :]), inner)] if kept else []
    blank = " " * margin
    lines: list[Line] = [((fit(blank + row, width), notice.level),) for row in heads]
    lines += [((fit(blank + row, width), f"{notice.level}_detail"),) for row in details]
    lines += [((" " * width, f"{notice.level}_detail"),)] * (rows - len(lines))
    return lines[:rows]


def _with_symbol(view: View, chrome: Chrome, width: int, height: int) -> list[Line]:
    """A square code as large as it fits, what it says, the verdict and the keys; small screens show little else."""
    keys = 1 if height >= 4 else 0
    rows = symbol_rows(view.symbol, width=width, height=height - 2 - keys)
    margin = (width - len(rows[0])) // 2 if rows else 0
    picture: list[Line] = [((" " * margin, ""), (row, "symbol")) for row in rows]
    told = (view.symbol, view.ask) if rows else (*(fact.label for fact in view.facts), view.symbol)
    words: list[Line] = [((row, "ask"),) for text in told for row in wrap(printable(text), width)]
    spare = height - 1 - keys - len(picture)
    verdict = max(1, min(_verdict_rows(chrome.notice, width), spare - 1))
    words = words[: spare - verdict]
    air: list[Line] = [(_GAP,)] * (spare - verdict - len(words))
    bottom = _verdict(chrome.notice, width, verdict, 0) + _keys(view.keys, width, keys)
    return [_header(view, chrome, width, shows_place=True), *picture, *words, *air, *bottom]


def _key_rows(keys: Sequence[tuple[str, str]], width: int) -> int:
    return len(_flow_keys(keys, width))


def _flow_keys(keys: Sequence[tuple[str, str]], width: int) -> list[list[Span]]:
    lines: list[list[Span]] = []
    used = width
    for key, label in keys:
        need = cell_len(key) + 1 + cell_len(label)
        if used + 2 + need > width or not lines:
            lines.append([])
            used = -2
        if used >= 0:
            lines[-1].append(("  ", ""))
        lines[-1] += [(key, "key"), (f" {clip(label, width - cell_len(key) - 1)}", "key_label")]
        used += 2 + need
    return lines


def _keys(keys: Sequence[tuple[str, str]], width: int, rows: int) -> list[Line]:
    """Function keys, the step's own first; what does not fit stands on the F1 page."""
    if rows <= 0:
        return []
    lines = _flow_keys(keys, width)
    if len(lines) > rows:
        lines = _flow_keys(keys, width - 2)[:rows]
        lines[-1].append((" …", "key_label"))
    lines += [[_GAP]] * (rows - len(lines))
    return [tuple(line) for line in lines]


def key_lines(keys: Sequence[tuple[str, str]], width: int, *, rows: int) -> list[Line]:
    """A bar of function keys of at most `rows` rows."""
    return _keys(keys, width, min(rows, max(1, _key_rows(keys, width))))


def _side(view: View, chrome: Chrome, width: int, height: int) -> list[Line]:
    """What is left to do, what the bin holds, the last verdicts: each gets what it needs of the height."""
    sections: list[tuple[str, list[Line]]] = []
    if view.todo:
        sections.append((chrome.todo_title, [_side_row(fact, width) for fact in view.todo]))
    if view.contents:
        sections.append((view.contents_title, [_side_row(fact, width) for fact in view.contents]))
    if view.history:
        sections.append((chrome.history_title, [_past(past, width) for past in view.history[:10]]))
    lines: list[Line] = []
    for index, (title, rows) in enumerate(sections):
        room = height - len(lines) - sum(min(len(r), 3) + 2 for _, r in sections[index + 1 :])
        lines.append(((fit(f" {title}", width), "side_title"),))
        lines += rows[: max(1, room - 2)]
        lines.append((_GAP,))
    lines = lines[:height]
    return lines + [(_GAP,)] * (height - len(lines))


def _side_row(fact: Fact, width: int) -> Line:
    style = "strong" if fact.emphasis else "done" if fact.done else "value"
    mark = "✓" if fact.done else "›" if fact.emphasis else " "
    room = width - 3 - cell_len(fact.value)
    is_short = cell_len(fact.label) <= width // 2
    label = fit(fact.label, max(cell_len(fact.label) if is_short else 4, room - 1))
    return ((f" {mark} ", "done" if fact.done else "strong"), (label, "done" if fact.done else "value"), (" ", ""),
            (clip(fact.value, max(0, width - 4 - cell_len(label))), style))  # fmt: skip


def _past(past: tuple[str, Level, str], width: int) -> Line:
    moment, level, words = past
    told = f" {moment} " if width >= NARROW_SIDE else " "
    sign = f"{_SIGN[level]} "
    room = width - cell_len(told) - cell_len(sign)
    return ((told, "label"), (sign, f"past_{level}"), (clip(words, room), "value"))


def _beside(left: Line, right: Line, left_width: int) -> Line:
    used = sum(cell_len(part) for part, _ in left)
    return (*left, (" " * (left_width - used), ""), ("│", "rule"), *right)


def _indented(line: Line, margin: int) -> Line:
    return ((" " * margin, ""), *line) if margin else line
