"""How a receipt looks at each step.

Example::

    prompt = draw(desk, Standing.of(desk, state))
"""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import col

from ambra_tui.floor.conversation import Choice, Command, PracticeCode, Prompt, Row
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.receive_posting import landing_of
from ambra_tui.floor.receive_state import Standing
from ambra_tui.kit.quantity import show
from ambra_tui.scan.check_digits import check_digit
from ambra_tui.scan.model import GS
from ambra_tui.services import purchasing
from ambra_tui.services.catalog import barcodes_of
from ambra_tui.services.purchasing import outstanding
from ambra_tui.services.putaway import docks_of, loose_at, plates_at
from ambra_tui.services.receiving import quarantine_location
from ambra_tui.store.models import Barcode, Location, PurchaseOrderLine, Supplier, Variant
from ambra_tui.store.scope import fetch, scoped

SHORT_REASONS = ("short", "refused", "wrong_item", "other")
KEEP_OPEN = "keep_open"
MAX_ROWS = 30
_EXAMPLE_COMPANY = "0500100000000"


def draw(desk: Desk, standing: Standing) -> Prompt:
    """The prompt of the step."""
    step = standing.step
    is_question = step in ("close", "pin")
    return Prompt(
        step=step,
        title=_title(desk, standing),
        ask=_ask(desk, standing),
        target=_target(desk, standing),
        facts=_facts(desk, standing),
        choices=_choices(desk, step),
        commands=() if is_question else _commands(desk, standing),
        is_dialog=is_question,
        is_secret=step == "pin",
        accepts_text=step != "close",
        progress=_progress(standing),
        todo=_todo(desk, standing),
        contents_title=_dock_title(desk),
        contents=_dock_rows(desk),
        practice=() if is_question else _practice(desk, standing),
        help_page="receiving",
    )


def _say(desk: Desk, key: str, **params: object) -> str:
    return desk.say(f"receive.{key}", **params)


def _title(desk: Desk, standing: Standing) -> str:
    if standing.state.is_blind:
        return _say(desk, "title_blind")
    return _say(desk, "title_order", document=standing.document) if standing.order else _say(desk, "title")


def _ask(desk: Desk, standing: Standing) -> str:
    if standing.state.learned_code:
        return _say(desk, "ask_learn")
    if standing.step == "item" and standing.is_all_received:
        return _say(desk, "ask_complete")
    if standing.step == "serial" and standing.is_all_received:
        return _say(desk, "ask_complete")
    if standing.step == "item" and standing.state.plate:
        return _say(desk, "ask_label")
    if standing.step == "bin" and standing.state.is_damaged:
        return _say(desk, "ask_bin_damaged")
    return _say(desk, f"ask_{standing.step}")


def _target(desk: Desk, standing: Standing) -> str:
    if standing.step == "bin" and standing.variant is not None:
        return landing_of(desk, standing.state, standing.variant).code[:20]
    return ""


def _facts(desk: Desk, standing: Standing) -> tuple[Row, ...]:
    state, variant = standing.state, standing.variant
    if standing.step == "close":
        return _missing(standing, desk)[:6]
    rows: list[Row] = []
    if variant is not None:
        rows.append(Row(variant.sku, standing.counter, emphasis=True))
    if state.is_damaged:
        rows.append(Row(_say(desk, "damaged"), _quarantine(desk), emphasis=True))
    if variant is not None and variant.is_lot_tracked and state.lot_number:
        rows.append(Row(_say(desk, "lot"), state.lot_number))
    if state.expiry is not None:
        rows.append(Row(_say(desk, "expiry"), state.expiry.isoformat()))
    if state.plate:
        rows.append(Row(_say(desk, "plate"), state.plate))
    if state.wanted is not None:
        rows.append(Row(_say(desk, "may_allow"), _say(desk, "scan_badge")))
    if state.learned_code:
        rows.append(Row(_say(desk, "new_code"), state.learned_code))
    if variant is None and standing.order is not None and not rows:
        rows.extend(_open_rows(desk, standing)[:3])
    return tuple(rows[:6])


def _quarantine(desk: Desk) -> str:
    return quarantine_location(desk.session, desk.site.id).code


def _missing(standing: Standing, desk: Desk) -> tuple[Row, ...]:
    return tuple(
        Row(_sku(desk, line), _say(desk, "missing", quantity=show(outstanding(line))), emphasis=True)
        for line in standing.lines
        if outstanding(line) > 0
    )


def _sku(desk: Desk, line: PurchaseOrderLine) -> str:
    return fetch(desk.session, Variant, line.variant_id, resource="variant").sku


def _open_rows(desk: Desk, standing: Standing) -> list[Row]:
    """Lines with something to come first, then those that are complete."""
    ranked = sorted(standing.lines, key=lambda line: (outstanding(line) == 0, line.position))[:MAX_ROWS]
    return [
        Row(_sku(desk, line), f"{show(line.received)}/{show(line.quantity)}", done=outstanding(line) == 0)
        for line in ranked
    ]


def _choices(desk: Desk, step: str) -> tuple[Choice, ...]:
    if step != "close":
        return ()
    reasons = [
        Choice(str(digit), reason, _say(desk, f"reason_{reason}"))
        for digit, reason in enumerate(SHORT_REASONS, start=1)
    ]
    return (*reasons, Choice("9", KEEP_OPEN, _say(desk, "keep_open")))


def _commands(desk: Desk, standing: Standing) -> tuple[Command, ...]:
    if not standing.state.is_open:
        return (Command("f6", "blind", _say(desk, "key_blind")),)
    label = "key_good" if standing.state.is_damaged else "key_damaged"
    return (
        Command("f5", "plate", _say(desk, "key_plate")),
        Command("f8", "damaged", _say(desk, label)),
        Command("f10", "close", _say(desk, "key_close")),
    )


def _progress(standing: Standing) -> tuple[int, int] | None:
    if standing.order is None:
        return None
    if standing.variant is not None and standing.is_expected:
        return int(standing.received + standing.state.quantity), int(standing.ordered)
    return sum(1 for line in standing.lines if outstanding(line) == 0), len(standing.lines)


def _todo(desk: Desk, standing: Standing) -> tuple[Row, ...]:
    if standing.order is not None:
        return tuple(_open_rows(desk, standing))
    if standing.state.is_blind:
        return ()
    return tuple(
        Row(order.number, fetch(desk.session, Supplier, order.supplier_id, resource="supplier").name)
        for order in purchasing.expected_orders(desk.session, desk.site.id, limit=MAX_ROWS)
    )


# --- the dock -------------------------------------------------------------------------------------------------------


def _dock(desk: Desk) -> Location | None:
    docks = docks_of(desk.session, desk.site.id)
    return docks[0] if docks else None


def _dock_title(desk: Desk) -> str:
    dock = _dock(desk)
    return _say(desk, "dock_holds", bin=dock.code) if dock else ""


def _dock_rows(desk: Desk) -> tuple[Row, ...]:
    dock = _dock(desk)
    if dock is None:
        return ()
    plates = [Row(plate.code) for plate in plates_at(desk.session, dock.id, limit=MAX_ROWS)]
    loose = [
        Row(fetch(desk.session, Variant, content.variant_id, resource="variant").sku, show(content.quantity))
        for content in loose_at(desk.session, dock.id, limit=MAX_ROWS)
    ]
    return tuple([*plates, *loose][:MAX_ROWS])


# --- practice codes -------------------------------------------------------------------------------------------------


def _practice(desk: Desk, standing: Standing) -> tuple[PracticeCode, ...]:
    """Codes of the real data that make sense here, and wrong ones."""
    step = standing.step
    if step == "order":
        return _practice_orders(desk)
    codes: list[PracticeCode] = []
    if step in ("lot", "expiry"):
        codes += _practice_pieces(desk, standing)
    if step == "serial":
        codes += _practice_serials(desk, standing)
    codes += [
        PracticeCode(location.barcode, _say(desk, "practice_bin", bin=location.code), is_right)
        for location, is_right in _practice_bins(desk, standing)
    ]
    if step == "item" and not standing.state.plate:
        codes.append(PracticeCode(f"]C100{_next_sscc(desk, standing)}", _say(desk, "practice_plate")))
    codes += _practice_items(desk, standing)
    return tuple(codes[:12])


def _practice_orders(desk: Desk) -> tuple[PracticeCode, ...]:
    right = [
        PracticeCode(order.number, _say(desk, "practice_order", document=order.number))
        for order in purchasing.expected_orders(desk.session, desk.site.id, limit=8)
    ]
    done = purchasing.list_purchase_orders(desk.session, status="received", site_id=desk.site.id)
    wrong = [
        PracticeCode(order.number, _say(desk, "practice_done", document=order.number), is_right=False)
        for order in desk.session.exec(done.limit(1)).all()
    ]
    unknown = PracticeCode("PO-0", _say(desk, "practice_unknown"), is_right=False)
    return (*right, *wrong, unknown)


def _practice_items(desk: Desk, standing: Standing) -> list[PracticeCode]:
    codes: list[PracticeCode] = []
    for line in sorted(standing.lines, key=lambda each: (outstanding(each) == 0, each.position))[:4]:
        variant = fetch(desk.session, Variant, line.variant_id, resource="variant")
        is_right = outstanding(line) > 0 and standing.state.variant_id in ("", variant.id)
        found = barcodes_of(desk.session, variant.id)[:3]
        if found and variant.is_lot_tracked:
            codes.append(
                PracticeCode(
                    _label(desk, variant, found, line), _say(desk, "practice_label", item=variant.sku), is_right
                )
            )
        codes += [
            PracticeCode(
                _short_gtin(barcode.code),
                _say(desk, "practice_item", item=variant.sku, quantity=show(barcode.quantity)),
                is_right,
            )
            for barcode in found
        ]
    ordered = {line.variant_id for line in standing.lines}
    others = scoped(desk.session, Barcode).where(col(Barcode.variant_id).not_in(ordered))
    stranger = desk.session.exec(others.order_by(col(Barcode.code)).limit(1)).first()
    if stranger is not None and standing.order is not None:
        sku = fetch(desk.session, Variant, stranger.variant_id, resource="variant").sku
        codes.append(
            PracticeCode(_short_gtin(stranger.code), _say(desk, "practice_stranger", item=sku), is_right=False)
        )
    return codes


def _label(desk: Desk, variant: Variant, found: list[Barcode], line: PurchaseOrderLine) -> str:
    """A GS1 label of what is outstanding: content, date, count, lot."""
    largest = max((b for b in found if len(b.code) == 14 and b.code.isdigit()), key=lambda b: b.quantity, default=None)
    if largest is None:
        return found[0].code
    count = max(int(outstanding(line) / largest.quantity), 1)
    life = timedelta(days=(variant.minimum_shelf_life_days or 0) + 120)
    expiry = f"17{desk.today + life:%y%m%d}" if variant.is_expiry_tracked else ""
    return f"]C102{largest.code}{expiry}37{count}{GS}10P{desk.today:%j}"


def _practice_pieces(desk: Desk, standing: Standing) -> list[PracticeCode]:
    expiry = f"]C117{desk.today + timedelta(days=200):%y%m%d}"
    lot = f"]C110P{desk.today:%j}"
    past = f"]C117{desk.today - timedelta(days=1):%y%m%d}"
    pieces = [PracticeCode(lot, _say(desk, "practice_lot")), PracticeCode(expiry, _say(desk, "practice_expiry"))]
    return [*pieces, PracticeCode(past, _say(desk, "practice_expired"), is_right=False)]


def _practice_serials(desk: Desk, standing: Standing) -> list[PracticeCode]:
    variant = standing.variant
    if variant is None:
        return []
    gtins = [b.code for b in barcodes_of(desk.session, variant.id) if len(b.code) == 14 and b.code.isdigit()]
    number = int(standing.received) + 1
    text = f"]d201{gtins[0]}21SN{number:04}" if gtins else f"SN{number:04}"
    return [PracticeCode(text, _say(desk, "practice_serial", found=f"SN{number:04}"))]


def _practice_bins(desk: Desk, standing: Standing) -> list[tuple[Location, bool]]:
    if standing.variant is None or standing.step != "bin":
        return []
    right = landing_of(desk, standing.state, standing.variant)
    others = scoped(desk.session, Location).where(Location.site_id == desk.site.id, Location.kind == "stage")
    wrong = desk.session.exec(others.limit(1)).all()
    return [(right, True), *((location, False) for location in wrong)]


def _next_sscc(desk: Desk, standing: Standing) -> str:
    """A pallet number that nobody has used at the dock yet, of the example company."""
    dock = _dock(desk)
    used = len(plates_at(desk.session, dock.id)) if dock else 0
    body = f"{_EXAMPLE_COMPANY}{used + 1:04}"[:17]
    return body + check_digit(body)


def _short_gtin(code: str) -> str:
    return code[1:] if len(code) == 14 and code.isdigit() and code.startswith("0") else code
