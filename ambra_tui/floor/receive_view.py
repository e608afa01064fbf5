"""How a receipt looks at each step.

Example::

    prompt = draw(desk, Standing.of(desk, state))
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cached_property

from sqlalchemy import select
from sqlmodel import col

from ambra_tui.errors import Invalid
from ambra_tui.floor.conversation import Choice, Command, PracticeCode, Prompt, Row
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.printing import label_command
from ambra_tui.floor.receive_posting import dock_of, docks_at
from ambra_tui.floor.receive_state import Standing
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.scan.check_digits import check_digit
from ambra_tui.scan.model import GS
from ambra_tui.services import purchasing
from ambra_tui.services.purchasing import outstanding
from ambra_tui.services.putaway import loose_at, plates_at
from ambra_tui.services.receiving import Content, quarantine_location
from ambra_tui.store.models import (
    Barcode,
    LicensePlate,
    Location,
    PurchaseOrder,
    PurchaseOrderLine,
    Supplier,
    Variant,
)
from ambra_tui.store.prepared import ORGANIZATION, PreparedRows, given
from ambra_tui.store.scope import fetch, scoped

SHORT_REASONS = ("short", "refused", "wrong_item", "other")
KEEP_OPEN = "keep_open"
MAX_ROWS = 30
_EXAMPLE_COMPANY = "0500100000000"


def draw(desk: Desk, standing: Standing) -> Prompt:
    """The prompt of the step."""
    scene = _Scene(desk, standing)
    if standing.variant is not None:
        scene.variants[standing.variant.id] = standing.variant
    step = standing.step
    is_question = step in ("close", "pin")
    return Prompt(
        step=step,
        title=_title(scene),
        ask=_ask(scene),
        target=_target(scene),
        facts=_facts(scene),
        choices=_choices(scene) if step == "close" else (),
        commands=() if is_question else _commands(scene),
        is_dialog=is_question,
        is_secret=step == "pin",
        accepts_text=step != "close",
        progress=_progress(standing),
        todo=_todo(scene),
        contents_title=scene.say("dock_holds", bin=scene.dock.code) if scene.dock else "",
        contents=_dock_rows(scene),
        practice=() if is_question else _practice(scene),
        help_page="receiving",
    )


@dataclass(frozen=True)
class _Scene:
    """What one drawing reads, each thing once."""

    desk: Desk
    standing: Standing
    variants: dict[str, Variant] = field(default_factory=dict)

    def say(self, key: str, **params: object) -> str:
        return self.desk.say(f"receive.{key}", **params)

    @cached_property
    def shown_lines(self) -> list[PurchaseOrderLine]:
        """Lines with something to come first, then those that are complete."""
        ranked = sorted(self.standing.lines, key=lambda line: (outstanding(line) == 0, line.position))[:MAX_ROWS]
        self.remember(line.variant_id for line in ranked)
        return ranked

    @cached_property
    def expected(self) -> list[PurchaseOrder]:
        return purchasing.expected_orders(self.desk.session, self.desk.site.id, limit=MAX_ROWS)

    @cached_property
    def suppliers(self) -> dict[str, str]:
        """Names of the suppliers of the expected orders."""
        ids = {order.supplier_id for order in self.expected}
        rows = self.desk.session.exec(scoped(self.desk.session, Supplier).where(col(Supplier.id).in_(ids))).all()
        return {row.id: row.name for row in rows}

    @cached_property
    def dock(self) -> Location | None:
        docks = docks_at(self.desk)
        return docks[0] if docks else None

    @cached_property
    def plates(self) -> list[LicensePlate]:
        return plates_at(self.desk.session, self.dock.id, limit=MAX_ROWS) if self.dock else []

    @cached_property
    def loose(self) -> list[Content]:
        contents = loose_at(self.desk.session, self.dock.id, limit=MAX_ROWS) if self.dock else []
        self.remember(content.variant_id for content in contents)
        return contents

    @cached_property
    def landing(self) -> Location | None:
        """Where the item goes when no bin is scanned."""
        try:
            if self.standing.state.is_damaged:
                return quarantine_location(self.desk.session, self.desk.site.id)
            if self.dock is None and self.standing.variant is not None:
                return dock_of(self.desk, self.standing.variant)
        except Invalid:  # the site has no such place: the step that needs it says so
            return None
        return self.dock

    def remember(self, variant_ids: Iterable[str]) -> None:
        """Reads variants in one statement, so that naming each costs none."""
        ids = set(variant_ids) - self.variants.keys()
        if ids:
            rows = self.desk.session.exec(scoped(self.desk.session, Variant).where(col(Variant.id).in_(ids))).all()
            self.variants.update((row.id, row) for row in rows)

    def variant(self, variant_id: str) -> Variant:
        if variant_id not in self.variants:
            self.variants[variant_id] = fetch(self.desk.session, Variant, variant_id, resource="variant")
        return self.variants[variant_id]

    def sku(self, variant_id: str) -> str:
        return self.variant(variant_id).sku


# --- the step -------------------------------------------------------------------------------------------------------


def _title(scene: _Scene) -> str:
    standing = scene.standing
    if standing.state.is_blind:
        return scene.say("title_blind")
    return scene.say("title_order", document=standing.document) if standing.order else scene.say("title")


def _ask(scene: _Scene) -> str:
    standing, step = scene.standing, scene.standing.step
    if standing.state.learned_code:
        return scene.say("ask_learn")
    if step == "close":
        return _ask_close(scene)
    if step in ("item", "serial") and standing.is_all_received:
        return scene.say("ask_complete")
    if step == "item" and standing.state.plate:
        return scene.say("ask_label")
    if step == "bin" and standing.state.is_damaged:
        return scene.say("ask_bin_damaged")
    return scene.say(f"ask_{step}")


def _ask_close(scene: _Scene) -> str:
    missing = [line for line in scene.standing.lines if outstanding(line) > 0]
    if len(missing) != 1:
        return scene.say("ask_close_lines", count=len(missing))
    return scene.say("ask_close", quantity=show(outstanding(missing[0])), item=scene.sku(missing[0].variant_id))


def _target(scene: _Scene) -> str:
    return scene.landing.code[:20] if scene.standing.step == "bin" and scene.landing else ""


def _facts(scene: _Scene) -> tuple[Row, ...]:
    standing, state, variant = scene.standing, scene.standing.state, scene.standing.variant
    if standing.step == "close":
        return _missing(scene)[:6]
    rows: list[Row] = []
    if variant is not None:
        rows.append(Row(variant.sku, standing.counter, emphasis=True))
    if state.is_damaged and scene.landing is not None:
        rows.append(Row(scene.say("damaged"), scene.landing.code, emphasis=True))
    if variant is not None and variant.is_lot_tracked and state.lot_number:
        rows.append(Row(scene.say("lot"), state.lot_number))
    if state.expiry is not None:
        rows.append(Row(scene.say("expiry"), state.expiry.isoformat()))
    if state.plate:
        rows.append(Row(scene.say("plate"), state.plate))
    if state.wanted is not None:
        rows.append(Row(scene.say("may_allow"), scene.say("scan_badge")))
    if state.learned_code:
        rows.append(Row(scene.say("new_code"), state.learned_code))
    return tuple(rows[:6] or _open_rows(scene)[:3])


def _missing(scene: _Scene) -> tuple[Row, ...]:
    return tuple(
        Row(scene.sku(line.variant_id), scene.say("missing", quantity=show(outstanding(line))), emphasis=True)
        for line in scene.shown_lines
        if outstanding(line) > 0
    )


def _open_rows(scene: _Scene) -> list[Row]:
    return [
        Row(scene.sku(line.variant_id), f"{show(line.received)}/{show(line.quantity)}", done=outstanding(line) == 0)
        for line in scene.shown_lines
    ]


def _choices(scene: _Scene) -> tuple[Choice, ...]:
    reasons = [
        Choice(str(digit), reason, scene.say(f"reason_{reason}")) for digit, reason in enumerate(SHORT_REASONS, start=1)
    ]
    return (*reasons, Choice("9", KEEP_OPEN, scene.say("keep_open")))


def _commands(scene: _Scene) -> tuple[Command, ...]:
    if not scene.standing.state.is_open:
        return (Command("f6", "blind", scene.say("key_blind")),)
    return (
        Command("f5", "plate", scene.say("key_plate")),
        Command("f8", "damaged", scene.say("key_good" if scene.standing.state.is_damaged else "key_damaged")),
        Command("f10", "close", scene.say("key_close")),
        *((label_command(scene.desk),) if scene.standing.state.plate_to_print or scene.standing.variant else ()),
    )


def _progress(standing: Standing) -> tuple[int, int] | None:
    if standing.order is None:
        return None
    if standing.variant is not None and standing.is_expected:
        return int(standing.received + standing.state.quantity), int(standing.ordered)
    return sum(1 for line in standing.lines if outstanding(line) == 0), len(standing.lines)


def _todo(scene: _Scene) -> tuple[Row, ...]:
    if scene.standing.order is not None:
        return tuple(_open_rows(scene))
    if scene.standing.state.is_blind:
        return ()
    return tuple(Row(order.number, scene.suppliers.get(order.supplier_id, "")) for order in scene.expected)


def _dock_rows(scene: _Scene) -> tuple[Row, ...]:
    plates = [Row(plate.code) for plate in scene.plates]
    loose = [Row(scene.sku(content.variant_id), show(content.quantity)) for content in scene.loose]
    return tuple([*plates, *loose][:MAX_ROWS])


# --- practice codes -------------------------------------------------------------------------------------------------


def _practice(scene: _Scene) -> tuple[PracticeCode, ...]:
    """Codes of the real data that make sense here, and wrong ones; on sample stores only."""
    if not scene.desk.is_sample:
        return ()
    step = scene.standing.step
    if step == "order":
        return _practice_orders(scene)
    codes: list[PracticeCode] = []
    if step in ("lot", "expiry"):
        codes += _practice_pieces(scene)
    barcodes = _barcodes(scene)
    if step == "serial":
        codes += _practice_serials(scene, barcodes)
    if step == "bin":
        codes += _practice_bins(scene)
    if step == "item" and not scene.standing.state.plate:
        codes.append(PracticeCode(f"]C100{_next_sscc(scene)}", scene.say("practice_plate")))
    codes += _practice_items(scene, barcodes)
    return tuple(codes[:12])


def _practice_orders(scene: _Scene) -> tuple[PracticeCode, ...]:
    right = [
        PracticeCode(order.number, scene.say("practice_order", document=order.number)) for order in scene.expected[:8]
    ]
    session = scene.desk.session
    done = purchasing.list_purchase_orders(session, status="received", site_id=scene.desk.site.id)
    wrong = [
        PracticeCode(order.number, scene.say("practice_done", document=order.number), is_right=False)
        for order in session.exec(done.limit(1)).all()
    ]
    return (*right, *wrong, PracticeCode("PO-0", scene.say("practice_unknown"), is_right=False))


@dataclass(frozen=True, slots=True)
class _Printed:
    """A code of an item, and how much it counts."""

    code: str
    sku: str
    quantity: Decimal


PRACTISED_LINES = 4
_CODES = (
    select(col(Barcode.variant_id), col(Barcode.code), col(Variant.sku), col(Barcode.quantity))
    .join(
        Variant,
        (col(Variant.organization_id) == col(Barcode.organization_id)) & (col(Variant.id) == col(Barcode.variant_id)),
    )
    .where(col(Barcode.organization_id) == ORGANIZATION, col(Variant.organization_id) == ORGANIZATION)
)
_CODES_OF = PreparedRows(
    _CODES.where(col(Barcode.variant_id).in_([given(f"variant_{place}") for place in range(PRACTISED_LINES + 1)]))
    .order_by(col(Barcode.quantity), col(Barcode.code))
    .limit(40)
)
_ALL_CODES = PreparedRows(_CODES.order_by(col(Barcode.code)).limit(given("limit")))


def _barcodes(scene: _Scene) -> dict[str, list[_Printed]]:
    """The codes of the items to come, single units first; under an empty key one that is not on the order."""
    session = scene.desk.session
    wanted = [*(line.variant_id for line in scene.shown_lines[:PRACTISED_LINES]), scene.standing.state.variant_id]
    wanted += [""] * (PRACTISED_LINES + 1 - len(wanted))
    found: dict[str, list[_Printed]] = {}
    for row in _CODES_OF.all(session, **{f"variant_{place}": key for place, key in enumerate(wanted)}):
        found.setdefault(row[0], []).append(_Printed(*row[1:]))
    if scene.standing.order is not None:
        ordered = {line.variant_id for line in scene.shown_lines}
        codes = _ALL_CODES.all(session, limit=len(ordered) * 4 + 1)
        found[""] = [_Printed(*row[1:]) for row in codes if row[0] not in ordered][:1]
    return found


def _practice_items(scene: _Scene, barcodes: dict[str, list[_Printed]]) -> list[PracticeCode]:
    codes: list[PracticeCode] = []
    for line in scene.shown_lines[:PRACTISED_LINES]:
        variant = scene.variant(line.variant_id)
        state = scene.standing.state
        room = outstanding(line) - (state.quantity if state.variant_id == variant.id else ZERO)
        if state.variant_id not in ("", variant.id):
            room = ZERO
        found = barcodes.get(variant.id, [])[:3]
        label = _label(scene, variant, found, line) if variant.is_lot_tracked and not state.quantity else ""
        if label:
            codes.append(PracticeCode(label, scene.say("practice_label", item=variant.sku), room > 0))
        for barcode in found:
            told = scene.say("practice_item", item=variant.sku, quantity=show(barcode.quantity))
            codes.append(PracticeCode(_short_gtin(barcode.code), told, is_right=room >= barcode.quantity))
    for stranger in barcodes.get("", []):
        told = scene.say("practice_stranger", item=stranger.sku)
        codes.append(PracticeCode(_short_gtin(stranger.code), told, is_right=False))
    return codes


def _label(scene: _Scene, variant: Variant, found: list[_Printed], line: PurchaseOrderLine) -> str:
    """A GS1 label of what is outstanding: content, date, count, lot; empty without a GTIN."""
    gtins = [barcode for barcode in found if _is_gtin(barcode.code)]
    if not gtins:
        return ""
    largest = max(gtins, key=lambda barcode: barcode.quantity)
    count = max(int(outstanding(line) / largest.quantity), 1)
    life = timedelta(days=(variant.minimum_shelf_life_days or 0) + 120)
    today = scene.desk.today
    expiry = f"17{today + life:%y%m%d}" if variant.is_expiry_tracked else ""
    return f"]C102{largest.code}{expiry}37{count}{GS}10P{today:%j}"


def _practice_pieces(scene: _Scene) -> list[PracticeCode]:
    today = scene.desk.today
    lot, expiry = f"]C110P{today:%j}", f"]C117{today + timedelta(days=200):%y%m%d}"
    past = f"]C117{today - timedelta(days=1):%y%m%d}"
    dates = [
        PracticeCode(expiry, scene.say("practice_expiry")),
        PracticeCode(past, scene.say("practice_expired"), is_right=False),
    ]
    return dates if scene.standing.step == "expiry" else [PracticeCode(lot, scene.say("practice_lot")), *dates]


def _practice_serials(scene: _Scene, barcodes: dict[str, list[_Printed]]) -> list[PracticeCode]:
    gtins = [b.code for b in barcodes.get(scene.standing.state.variant_id, []) if _is_gtin(b.code)]
    serial = f"SN{int(scene.standing.received) + 1:04}"
    text = f"]d201{gtins[0]}21{serial}" if gtins else serial
    return [PracticeCode(text, scene.say("practice_serial", found=serial))]


def _practice_bins(scene: _Scene) -> list[PracticeCode]:
    session = scene.desk.session
    stages = scoped(session, Location).where(Location.site_id == scene.desk.site.id, Location.kind == "stage")
    wrong = list(session.exec(stages.order_by(col(Location.code)).limit(1)).all())
    right = [scene.landing] if scene.landing else []
    return [
        PracticeCode(place.barcode, scene.say("practice_bin", bin=place.code), place in right)
        for place in (*right, *wrong)
    ]


def _next_sscc(scene: _Scene) -> str:
    """A pallet number that nobody has used at the dock yet, of the example company."""
    used = {plate.code for plate in scene.plates}
    for number in range(1, MAX_ROWS + 2):
        body = f"{_EXAMPLE_COMPANY}{number:04}"
        code = body + check_digit(body)
        if code not in used:
            return code
    return code


def _is_gtin(code: str) -> bool:
    return len(code) == 14 and code.isascii() and code.isdigit()


def _short_gtin(code: str) -> str:
    return code[1:] if _is_gtin(code) and code.startswith("0") else code
