"""The supervisor's desk: the floor at a glance, exceptions closed with a reason, held work set free.

The live board, the plots and the long lists are pages over this step; its own words are what fits on any screen.

Example::

    FLOW.begin(desk)        # the menu, with what waits for a decision
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlmodel import col

from ambra_tui.errors import AmbraError, Conflict
from ambra_tui.floor.conversation import Choice, Command, Entry, FlowState, Heard, Prompt, Refusal, Row, Verdict
from ambra_tui.floor.desk import SUPERVISORS, Desk
from ambra_tui.kit.language import say
from ambra_tui.kit.quantity import show
from ambra_tui.services import claims, receiving, transfers
from ambra_tui.services import desk as figures
from ambra_tui.services.modules import TRACEABILITY
from ambra_tui.services.reports import stock_by_location
from ambra_tui.store.models import Discrepancy, User, Variant, WorkClaim
from ambra_tui.store.scope import scoped

SHOWN_CLAIMS = 9
PAGES = (
    ("f5", "desk"), ("f6", "stock"), ("f7", "moves"), ("f8", "trail"), ("f9", "forecast"), ("f10", "insights"),
    ("f11", "shift"),
)  # fmt: skip

REPORT_PAGES = (("f5", "low_stock"), ("f6", "movers"), ("f7", "aging"), ("f8", "sites"), ("f9", "sales"))


class DeskState(FlowState):
    """`exception_id`: the exception asked about; `put_off`: exceptions left for later; `claim`: kind and id of the held
    work that is to be set free."""

    step: Literal["menu", "exception", "work", "free", "reports"] = "menu"
    exception_id: str = ""
    put_off: tuple[str, ...] = ()
    claim: tuple[str, str] = ("", "")


class SupervisorDesk:
    """The flow of the home menu's 0."""

    name = "desk"
    menu_digit = "0"
    roles = SUPERVISORS
    state_type = DeskState

    def begin(self, desk: Desk, entry: Entry | None = None) -> DeskState:
        """The menu."""
        return DeskState()

    def open_work(self, desk: Desk) -> Sequence[Row]:
        """Exceptions without a reason."""
        return tuple(_exception_row(desk, exception) for exception in _exceptions(desk)[:10])

    def prompt(self, desk: Desk, state: DeskState) -> Prompt:
        """The step, from the figures as they are now."""
        return _PROMPTS[state.step](desk, state)

    def hear(self, desk: Desk, state: DeskState, entry: Entry) -> Heard:
        """A choice, a reason, or a command."""
        if entry.kind == "command":
            return _command(desk, state, entry.text)
        if entry.kind == "choice":
            return _choose(desk, state, entry.text)
        if state.step == "exception":
            return _resolve(desk, state, entry)
        raise Refusal("E01", found=entry.text)


# --- what is shown --------------------------------------------------------------------------------------------------


def _menu(desk: Desk, state: DeskState) -> Prompt:
    board = figures.read_board(desk.session, site_id=desk.site.id)
    exceptions = _exceptions(desk)
    held = _claims(desk)
    return Prompt(
        step="menu",
        title=desk.say("desk.title"),
        ask=desk.say("desk.ask"),
        facts=(
            Row(desk.say("desk.lines"), str(board.lines_an_hour), emphasis=True),
            Row(desk.say("desk.errors"), str(board.errors_an_hour)),
            Row(desk.say("desk.approvals"), str(board.open_tasks.get("approval", 0))),
            Row(desk.say("desk.tasks"), str(sum(n for kind, n in board.open_tasks.items() if kind != "approval"))),
        ),
        choices=(
            Choice("1", "exceptions", _counted(desk.say("desk.exceptions"), len(exceptions))),
            Choice("2", "work", _counted(desk.say("desk.work"), len(held))),
            *((Choice("3", "recall", desk.say("desk.recall")),) if TRACEABILITY in desk.modules else ()),
            Choice("4", "reports", desk.say("report.title")),
        ),
        commands=tuple(Command(key, f"page.{page}", desk.say(f"desk.page_{page}")) for key, page in PAGES),
        todo=tuple(_exception_row(desk, exception) for exception in exceptions[:10]),
        contents_title=desk.say("desk.workers"),
        contents=tuple(_worker_row(desk, worker) for worker in board.workers),
        help_page="desk",
    )


def _counted(label: str, count: int) -> str:
    return f"{label} ({count})" if count else label


def _worker_row(desk: Desk, worker: figures.WorkerLine) -> Row:
    work = f" {worker.work[0]}" if worker.work else ""
    told = f"{worker.name} {doing_words(desk.language, worker)}{work}"
    return Row(told, desk.say("desk.per_hour", lines=worker.lines_an_hour))


def doing_words(language: str, worker: figures.WorkerLine) -> str:
    """What a worker does now: the flow's name, on break, or at the menu."""
    if worker.status == "break":
        return say(language, "desk.on_break")
    return say(language, "desk.at_home" if worker.flow == "home" else f"home.{worker.flow}")


def _exception(desk: Desk, state: DeskState) -> Prompt:
    exception = _asked(desk, state)
    if exception is None:
        return Prompt(
            step="exception", title=desk.say("desk.exceptions"), ask=desk.say("desk.no_exception"), help_page="desk"
        )
    item = _sku(desk, exception)
    numbers = figures.document_numbers(desk.session, exception.document_kind, [exception.document_id])
    who = desk.session.get(User, (exception.organization_id, exception.actor_id))
    facts = (
        Row(desk.say("desk.kind"), kind_words(desk, exception.kind), emphasis=True),
        Row(desk.say("desk.item"), f"{show(exception.quantity)} {item}".strip()),
        Row(desk.say("desk.document"), numbers.get(exception.document_id, "-")),
        Row(desk.say("desk.who"), who.name if who else "-"),
        Row(desk.say("desk.when"), f"{exception.created_at.astimezone():%d.%m. %H:%M}"),
    )
    is_loss = exception.kind == transfers.TRANSFER_LOSS
    reasons = enumerate(transfers.LOSS_REASONS if is_loss else (), start=1)
    return Prompt(
        step="exception",
        title=desk.say("desk.exceptions"),
        ask=desk.say("desk.ask_loss" if is_loss else "desk.ask_reason"),
        facts=facts,
        choices=tuple(Choice(str(number), reason, desk.say(f"desk.loss_{reason}")) for number, reason in reasons),
        accepts_text=not is_loss,
        commands=(Command("f7", "later", desk.say("desk.later")),),
        todo=tuple(_exception_row(desk, row) for row in _exceptions(desk)[:10]),
        help_page="desk",
    )


def kind_words(desk: Desk, kind: str) -> str:
    """The kind of an exception in the worker's language; the bare name of a kind that has no words."""
    try:
        return desk.say(f"desk.kind_{kind}")
    except KeyError:
        return kind.replace("_", " ")


def _work(desk: Desk, state: DeskState) -> Prompt:
    held = _claims(desk)
    return Prompt(
        step="work",
        title=desk.say("desk.work"),
        ask=desk.say("desk.ask_work" if held else "desk.no_work"),
        choices=tuple(
            Choice(str(number), f"{claim.document_kind}:{claim.document_id}", words)
            for number, (claim, words) in enumerate(held[:SHOWN_CLAIMS], start=1)
        ),
        help_page="desk",
    )


def _free(desk: Desk, state: DeskState) -> Prompt:
    words = next((words for claim, words in _claims(desk) if _key(claim) == state.claim), "-")
    return Prompt(
        step="free",
        title=desk.say("desk.work"),
        ask=desk.say("desk.ask_free"),
        facts=(Row(words, emphasis=True),),
        choices=(Choice("1", "free", desk.say("desk.yes_free")), Choice("2", "keep", desk.say("desk.no_keep"))),
        is_dialog=True,
        accepts_text=False,
        help_page="desk",
    )


def _reports(desk: Desk, state: DeskState) -> Prompt:
    rows, _ = stock_by_location(desk.session, site_id=desk.site.id, offset=0, limit=1)
    return Prompt(
        step="reports",
        title=desk.say("report.title"),
        ask=desk.say("report.ask"),
        facts=tuple(
            fact
            for row in rows
            for fact in (
                Row(desk.say("report.low"), str(row.low), emphasis=row.low > 0),
                Row(desk.say("report.out"), str(row.out_of_stock)),
                Row(desk.say("report.page_sites"), f"{row.value:f} {row.currency}"),
            )
        ),
        commands=tuple(Command(key, f"page.{page}", desk.say(f"report.page_{page}")) for key, page in REPORT_PAGES),
        accepts_text=False,
        help_page="reports",
    )


_PROMPTS = {"menu": _menu, "exception": _exception, "work": _work, "free": _free, "reports": _reports}


# --- what is heard --------------------------------------------------------------------------------------------------


def _command(desk: Desk, state: DeskState, name: str) -> Heard:
    if name == "later" and state.step == "exception" and state.exception_id:
        return Heard(_next_exception(desk, (*state.put_off, state.exception_id)))
    if name in ("back", "home"):
        return Heard(None if state.step == "menu" or name == "home" else DeskState())
    return Heard(state)


def _choose(desk: Desk, state: DeskState, code: str) -> Heard:
    if state.step == "menu" and code == "exceptions":
        return Heard(_next_exception(desk, ()))
    if state.step == "menu" and code in ("work", "reports"):
        return Heard(DeskState(step=code))
    if state.step == "menu" and code == "recall":
        return Heard(state, opens=("recall", Entry("command", code)))
    if state.step == "exception" and code in transfers.LOSS_REASONS:
        return _settle(desk, state, code)
    if state.step == "work":
        kind, _, document_id = code.partition(":")
        return Heard(DeskState(step="free", claim=(kind, document_id)))
    if state.step == "free" and code == "keep":
        return Heard(DeskState(step="work"))
    if state.step == "free" and code == "free":
        return _set_free(desk, state)
    raise Refusal("E54", found=code)


def _set_free(desk: Desk, state: DeskState) -> Heard:
    kind, document_id = state.claim
    number = figures.document_numbers(desk.session, kind, [document_id]).get(document_id, "")
    claims.release(desk.session, kind, document_id)
    return Heard(DeskState(step="work"), Verdict("G51", {"document": number}))


def _resolve(desk: Desk, state: DeskState, entry: Entry) -> Heard:
    """Closes an exception with a typed reason; what is missing on a transfer is asked by its digits."""
    exception = _asked(desk, state)
    if exception is None:
        raise Refusal("E33", document="")
    if entry.how == "scan" or exception.kind == transfers.TRANSFER_LOSS:
        raise Refusal("E40")
    item, earlier = _sku(desk, exception), exception.reason
    try:
        receiving.resolve_exception(desk.session, exception.id, reason=entry.text)
    except AmbraError as error:
        raise Refusal("E99", detail=error.message) from error
    desk.did(
        "exception_close",
        document_kind="discrepancy",
        document_id=exception.id,
        summary={"item": item, "quantity": show(exception.quantity)},
        details={"exception": exception.id, "reason": earlier},
    )
    return Heard(_next_exception(desk, state.put_off), Verdict("G50", {"item": item}))


def _settle(desk: Desk, state: DeskState, reason: str) -> Heard:
    """Says what became of stock that did not arrive; it leaves transit."""
    loss = _asked(desk, state)
    if loss is None or loss.kind != transfers.TRANSFER_LOSS:
        raise Refusal("E41")
    told = {"item": _sku(desk, loss), "quantity": show(loss.quantity)}
    try:
        carried = transfers.settle_loss(desk.session, loss, reason=reason, idempotency_key=desk.key("settle"))
    except Conflict as error:
        raise Refusal("E41") from error
    number = transfers.get_transfer(desk.session, loss.document_id).number
    desk.did(
        "transfer_settle",
        moves=[row.posted for row in carried],
        document_kind=loss.document_kind,
        document_id=loss.document_id,
        summary={**told, "document": number},
        details={
            "carried": [[row.content_id, str(row.quantity)] for row in carried], "loss": loss.id, "reason": reason,
        },
    )  # fmt: skip
    return Heard(_next_exception(desk, state.put_off), Verdict("G40", {**told, "document": number}))


# --- what there is --------------------------------------------------------------------------------------------------


def _exceptions(desk: Desk) -> list[Discrepancy]:
    return list(desk.session.exec(receiving.list_exceptions(desk.session, site_id=desk.site.id).limit(100)).all())


def _next_exception(desk: Desk, put_off: tuple[str, ...]) -> DeskState:
    """The oldest exception that was not put off; when all were, the oldest again."""
    waiting = _exceptions(desk)
    fresh = [row for row in waiting if row.id not in put_off]
    chosen = (fresh or waiting)[:1]
    return DeskState(step="exception", exception_id=chosen[0].id if chosen else "", put_off=put_off if fresh else ())


def _asked(desk: Desk, state: DeskState) -> Discrepancy | None:
    statement = scoped(desk.session, Discrepancy).where(
        Discrepancy.id == state.exception_id, Discrepancy.status == receiving.OPEN
    )
    return desk.session.exec(statement).first()


def _exception_row(desk: Desk, exception: Discrepancy) -> Row:
    return Row(kind_words(desk, exception.kind), f"{show(exception.quantity)} {_sku(desk, exception)}".strip())


def _sku(desk: Desk, exception: Discrepancy) -> str:
    variant = (
        desk.session.get(Variant, (exception.organization_id, exception.variant_id)) if exception.variant_id else None
    )
    return variant.sku if variant else ""


def _claims(desk: Desk) -> list[tuple[WorkClaim, str]]:
    """Held work with words for it, longest held first."""
    rows = desk.session.exec(scoped(desk.session, WorkClaim).order_by(col(WorkClaim.claimed_at)).limit(100)).all()
    told = []
    for claim in rows:
        numbers = figures.document_numbers(desk.session, claim.document_kind, [claim.document_id])
        holder = desk.session.get(User, (claim.organization_id, claim.user_id))
        number = numbers.get(claim.document_id) or desk.say("desk.a_task")
        told.append((claim, f"{number} {holder.name if holder else ''}".strip()))
    return told


def _key(claim: WorkClaim) -> tuple[str, str]:
    return claim.document_kind, claim.document_id


FLOW = SupervisorDesk()
