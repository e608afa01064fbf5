"""How a transfer looks at each step.

Example::

    prompt = draw(desk, Standing.of(desk, state))
"""

from __future__ import annotations

from ambra_tui import ledger
from ambra_tui.floor.bin_item import bin_rows, item_row
from ambra_tui.floor.conversation import Choice, Command, PracticeCode, Prompt, Row
from ambra_tui.floor.desk import SUPERVISORS, Desk
from ambra_tui.floor.transfer_state import Standing, find_loss, sku_of
from ambra_tui.kit.quantity import show
from ambra_tui.services import transfers
from ambra_tui.services.catalog import barcodes_of
from ambra_tui.services.transfers import LOSS_REASONS, in_transit
from ambra_tui.store.models import Location, Lot, StockLevel, StockTransfer, StockTransferLine, Variant
from ambra_tui.store.scope import fetch, scoped

MAX_CHOICES = 9
MAX_FACTS = 4
MAX_CODES = 6
DIALOGS = ("ending", "settle")
ENDINGS = ("end", "more")


def draw(desk: Desk, standing: Standing) -> Prompt:
    """The prompt of the step."""
    step, state = standing.step, standing.state
    place = place_of(desk, standing)
    is_question = step in DIALOGS
    return Prompt(
        step=step,
        title=_title(desk, standing),
        ask=_ask(desk, standing),
        target=_target(step, place),
        facts=_facts(desk, standing, place),
        choices=_choices(desk, standing),
        commands=_commands(desk, standing),
        is_dialog=is_question,
        accepts_text=not is_question,
        progress=_progress(standing),
        todo=_rows(desk, standing, limit=30) if standing.transfer else tuple(waiting_rows(desk)),
        contents_title=desk.say("stock.holds", bin=place.code) if place and state.task == "ship" else "",
        contents=tuple(bin_rows(desk, place)) if place and state.task == "ship" else (),
        practice=() if is_question else _practice(desk, standing, place),
        help_page="transfers",
    )


def _say(desk: Desk, key: str, **params: object) -> str:
    return desk.say(f"transfer.{key}", **params)


def _title(desk: Desk, standing: Standing) -> str:
    return _say(desk, "title_document", document=standing.document) if standing.transfer else _say(desk, "title")


def _ask(desk: Desk, standing: Standing) -> str:
    step, task = standing.step, standing.state.task
    if step == "document":
        return _say(desk, "ask_document" if offered(desk) else "ask_nothing")
    if step in ("item", "quantity"):
        is_complete = step == "item" and not standing.missing
        return _say(desk, f"ask_complete_{task}" if is_complete else f"ask_{step}_{task}")
    if step == "bin" and not standing.missing:
        return _say(desk, "ask_complete_ship")
    if step == "ending":
        return _say(desk, f"ask_ending_{task}", quantity=show(standing.missing))
    return _say(desk, f"ask_{step}")


def place_of(desk: Desk, standing: Standing) -> Location | None:
    """The bin that stock leaves; of a receipt the one that it goes to."""
    state = standing.state
    if standing.transfer is None or state.task == "settle":
        return None
    if state.location_id:
        return fetch(desk.session, Location, state.location_id, resource="location")
    if state.task == "receive" and state.arriving is not None:
        variant = fetch(desk.session, Variant, state.arriving.variant_id, resource="variant")
        return ledger.receiving_location(desk.session, site_id=desk.site.id, variant=variant)
    return None


def _target(step: str, place: Location | None) -> str:
    return place.code[:20] if place and step in ("item", "quantity") else ""


def _facts(desk: Desk, standing: Standing, place: Location | None) -> tuple[Row, ...]:
    state = standing.state
    if standing.transfer is None:
        return ()
    if standing.step == "settle":
        return _loss_facts(desk, standing)
    if state.item is not None:
        line = standing.line_of(state.item.variant_id)
        return (item_row(desk, state.item), *(_line_row(desk, standing, each) for each in ([line] if line else [])))
    if state.arriving is not None:
        line = standing.line_of(state.arriving.variant_id)
        lot = state.arriving.lot_id
        named = fetch(desk.session, Lot, lot, resource="lot").lot_number if lot else (state.arriving.serial or "")
        value = f"{show(state.arriving.quantity)} {named}".strip()
        counted = Row(sku_of(desk, state.arriving.variant_id), value, emphasis=True)
        return (counted, *(_line_row(desk, standing, each) for each in ([line] if line else [])))
    return _rows(desk, standing, limit=MAX_FACTS)


def _rows(desk: Desk, standing: Standing, *, limit: int) -> tuple[Row, ...]:
    """What is still to do first, then what is done."""
    ordered = sorted(standing.lines, key=lambda line: standing.done(line) >= standing.wanted(line))
    return tuple(_line_row(desk, standing, line) for line in ordered[:limit])


def _line_row(desk: Desk, standing: Standing, line: StockTransferLine) -> Row:
    done, wanted = standing.done(line), standing.wanted(line)
    return Row(sku_of(desk, line.variant_id), f"{show(done)}/{show(wanted)}", done=done >= wanted)


def _loss_facts(desk: Desk, standing: Standing) -> tuple[Row, ...]:
    loss = find_loss(desk, standing.state.loss_id)
    if loss is None or standing.transfer is None:
        return ()
    source, destination = transfers.site_codes(desk.session, standing.transfer)
    return (
        Row(sku_of(desk, loss.variant_id), show(loss.quantity), emphasis=True),
        Row(_say(desk, "way"), f"{source} > {destination}"),
    )


def _progress(standing: Standing) -> tuple[int, int] | None:
    if not standing.lines:
        return None
    return (sum(standing.done(line) >= standing.wanted(line) for line in standing.lines), len(standing.lines))


def _choices(desk: Desk, standing: Standing) -> tuple[Choice, ...]:
    if standing.step == "document":
        found = offered(desk)
        return tuple(Choice(str(n), each.id, _label(desk, each)) for n, each in enumerate(found, start=1))
    if standing.step == "ending":
        task = standing.state.task
        return tuple(Choice(str(n), name, _say(desk, f"{name}_{task}")) for n, name in enumerate(ENDINGS, start=1))
    if standing.step == "settle":
        return tuple(Choice(str(n), name, _say(desk, f"loss_{name}")) for n, name in enumerate(LOSS_REASONS, start=1))
    return ()


def _commands(desk: Desk, standing: Standing) -> tuple[Command, ...]:
    if standing.transfer is None or standing.step in DIALOGS:
        return ()
    return (Command("f10", "finish", _say(desk, f"key_{standing.state.task}")),)


# --- what waits -----------------------------------------------------------------------------------------------------


def offered(desk: Desk) -> list[StockTransfer]:
    """What may be chosen here: what comes in, what is to go out, and for supervisors what lacks a reason."""
    session, site_id = desk.session, desk.site.id
    found = transfers.incoming(session, site_id, limit=MAX_CHOICES)
    found += transfers.outgoing(session, site_id, limit=MAX_CHOICES)
    if desk.user.role in SUPERVISORS:
        losses = transfers.open_losses(session, site_id=site_id, limit=MAX_CHOICES)
        ids = dict.fromkeys(loss.document_id for loss in losses)
        found += [transfers.get_transfer(session, transfer_id) for transfer_id in ids]
    return found[:MAX_CHOICES]


def _label(desk: Desk, transfer: StockTransfer) -> str:
    source, destination = transfers.site_codes(desk.session, transfer)
    if transfer.status == "received":
        return f"{transfer.number} ?"
    is_coming = transfer.destination_site_id == desk.site.id
    return f"{transfer.number} < {source}" if is_coming else f"{transfer.number} > {destination}"


def waiting_rows(desk: Desk) -> list[Row]:
    """What waits for the flow, for the menu."""
    rows = []
    for transfer in offered(desk):
        number, _, rest = _label(desk, transfer).rpartition(transfer.number)
        rows.append(Row(transfer.number, f"{number}{rest}".strip()))
    return rows


# --- practice codes -------------------------------------------------------------------------------------------------


def _practice(desk: Desk, standing: Standing, place: Location | None) -> tuple[PracticeCode, ...]:
    if not desk.is_sample:
        return ()
    if standing.transfer is None:
        found = offered(desk)[:MAX_CODES]
        return tuple(PracticeCode(t.number, _say(desk, "practice_document", document=t.number)) for t in found)
    if standing.step == "bin":
        return _practice_bins(desk, standing)
    items = [code for line in standing.lines[:MAX_CODES] for code in _practice_item(desk, line)]
    bins = [PracticeCode(place.barcode, desk.say("stock.practice_bin", bin=place.code))] if place else []
    if standing.step == "lot":
        lots = sorted({row.lot_id for row in standing.contents if row.lot_id and in_transit(row)})
        numbers = [fetch(desk.session, Lot, lot_id, resource="lot").lot_number for lot_id in lots[:MAX_CODES]]
        return tuple(PracticeCode(f"]C110{n}", desk.say("stock.practice_lot", lot=n)) for n in numbers)
    return (*items, *bins)


def _practice_item(desk: Desk, line: StockTransferLine) -> list[PracticeCode]:
    label = desk.say("stock.practice_item", item=sku_of(desk, line.variant_id))
    return [PracticeCode(barcode.code, label) for barcode in barcodes_of(desk.session, line.variant_id)[:1]]


def _practice_bins(desk: Desk, standing: Standing) -> tuple[PracticeCode, ...]:
    """Bins that hold what is still to be loaded."""
    wanted = [line.variant_id for line in standing.lines if standing.done(line) < standing.wanted(line)]
    codes: dict[str, PracticeCode] = {}
    for variant_id in wanted[:MAX_CODES]:
        statement = scoped(desk.session, StockLevel).where(StockLevel.variant_id == variant_id, StockLevel.on_hand > 0)
        for level in desk.session.exec(statement.limit(MAX_CODES)).all():
            location = fetch(desk.session, Location, level.location_id, resource="location")
            if location.site_id == desk.site.id:
                label = desk.say("stock.practice_bin", bin=location.code)
                codes[location.id] = PracticeCode(location.barcode, label)
    return tuple(codes.values())[:MAX_CODES]
