"""Webhooks of the organization, for administrators: listed with their state, added, tested, sent again, switched,
their secrets rotated, removed.

Opened from the administration (F12), behind its password. A secret is in no stored step: it is on the screen until that
is left. Whether an address may be reached is looked up when something is sent there, not in a step.

Example::

    heard = FLOW.hear(desk, state, Entry("choice", "test"))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Literal

from sqlmodel import col

from ambra_tui.errors import Invalid
from ambra_tui.floor import slips
from ambra_tui.floor.conversation import Choice, Command, Entry, FlowState, Heard, Prompt, Refusal, Row, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.office import PAGE, OfficePage, code_command, moment_of, secret_facts, short_moment
from ambra_tui.services import webhooks
from ambra_tui.services.webhooks.targets import parse_target
from ambra_tui.store.models import Webhook, WebhookDelivery
from ambra_tui.store.scope import scoped

EDITION = "ambra"
ALL = "all"
Step = Literal["list", "card", "url", "events", "secret", "leave", "deliveries", "delivery", "rotate", "remove"]
BEFORE: dict[str, Step] = {
    "card": "list", "url": "list", "events": "url", "secret": "leave", "leave": "secret", "deliveries": "card",
    "delivery": "deliveries", "rotate": "card", "remove": "card",
}  # fmt: skip


class WebhooksState(FlowState):
    """`offset`: of the page of rows; `webhook_id`, `delivery_id`: what is on the card; `url`: of the one that is being
    made. `is_code`: the secret is shown as a square code."""

    step: Step = "list"
    offset: int = 0
    webhook_id: str = ""
    delivery_id: str = ""
    url: str = ""
    is_code: bool = False


class Webhooks(OfficePage[WebhooksState]):
    """The page behind the administration's menu."""

    name = "webhooks"
    state_type = WebhooksState

    def prompt(self, desk: Desk, state: WebhooksState) -> Prompt:
        """The step as it is now."""
        return _PROMPTS.get(state.step, _question)(desk, state)

    def hear(self, desk: Desk, state: WebhooksState, entry: Entry) -> Heard:
        """One step; an administrator who is none any more is refused."""
        desk.require(self.roles)
        if entry.kind == "command":
            return _command(state, entry.text)
        if entry.kind == "choice":
            return _choose(desk, state, entry.text)
        if state.step != "url":
            raise Refusal("E40")
        try:
            url = parse_target(entry.text.strip()).url
        except Invalid as error:
            raise Refusal("E99", detail=error.message) from error
        return Heard(state.model_copy(update={"step": "events", "url": url}))


def _command(state: WebhooksState, name: str) -> Heard:
    if name == "new" and state.step == "list":
        return Heard(WebhooksState(step="url"))
    if name == "more" and state.step in ("list", "deliveries"):
        return Heard(state.model_copy(update={"offset": state.offset + PAGE}))
    if name == "code" and state.step == "secret":
        return Heard(state.model_copy(update={"is_code": not state.is_code}))
    if name == "back":
        return _back(state)
    if name == "home":
        slips.drop(state.webhook_id)
        return Heard(None)
    return Heard(state)


def _back(state: WebhooksState) -> Heard:
    if state.step in ("list", "deliveries") and state.offset:
        return Heard(state.model_copy(update={"offset": 0}))
    if state.step == "list":
        return Heard(None)
    step = BEFORE[state.step]
    return Heard(WebhooksState() if step == "list" else state.model_copy(update={"step": step, "is_code": False}))


# --- what is chosen -------------------------------------------------------------------------------------------------


def _choose(desk: Desk, state: WebhooksState, chosen: str) -> Heard:
    choose = _CHOICES.get(state.step)
    if choose is None or chosen not in {choice.code for choice in _choices(desk, state)}:
        raise Refusal("E78")
    return choose(desk, state, chosen)


def _choose_webhook(_desk: Desk, _state: WebhooksState, chosen: str) -> Heard:
    return Heard(WebhooksState(step="card", webhook_id=chosen))


def _make(desk: Desk, state: WebhooksState, chosen: str) -> Heard:
    """All events, or those of one kind: ``stock_level`` stands for every name that begins so."""
    names = webhooks.event_names(EDITION)
    wanted = [name for name in names if chosen in (ALL, name.partition(".")[0])]
    made = webhooks.create_webhook(desk.session, url=state.url, events=wanted, edition=EDITION)
    return _show_once(made)


def _show_once(webhook: Webhook) -> Heard:
    slips.keep(webhook.id, webhook.secret)
    return Heard(WebhooksState(step="secret", webhook_id=webhook.id), Verdict("W74", {"name": _host(webhook)}))


def _noted(_desk: Desk, state: WebhooksState, chosen: str) -> Heard:
    if chosen == "again":
        return Heard(state.model_copy(update={"step": "secret"}))
    slips.drop(state.webhook_id)
    return Heard(_on_card(state))


def _on_card(state: WebhooksState) -> WebhooksState:
    return WebhooksState(step="card", webhook_id=state.webhook_id)


def _act(desk: Desk, state: WebhooksState, chosen: str) -> Heard:
    webhook = _webhook(desk, state)
    if chosen == "test":
        webhooks.send_test_event(desk.session, webhook)
        return Heard(state, Verdict("G43", {"found": webhooks.TEST_EVENT}))
    if chosen in ("off", "on"):
        webhooks.change_webhook(desk.session, webhook, is_active=chosen == "on")
        return Heard(state, Verdict("G77", {"name": f"{_host(webhook)}: {_state_words(desk, webhook)}"}))
    return Heard(state.model_copy(update={"step": chosen, "offset": 0}))


def _rotate(desk: Desk, state: WebhooksState, chosen: str) -> Heard:
    webhook = _webhook(desk, state)
    if chosen == "no" or webhook.removed_at is not None:
        return _kept(state, webhook)
    return _show_once(webhooks.rotate_secret(desk.session, webhook))


def _remove(desk: Desk, state: WebhooksState, chosen: str) -> Heard:
    webhook = _webhook(desk, state)
    if chosen == "no" or webhook.removed_at is not None:
        return _kept(state, webhook)
    webhooks.remove_webhook(desk.session, webhook)
    return Heard(WebhooksState(), Verdict("G45", {"name": _host(webhook)}))


def _kept(state: WebhooksState, webhook: Webhook) -> Heard:
    """Back on the card, with a word where somebody else removed the webhook meanwhile."""
    return Heard(_on_card(state), None if webhook.removed_at is None else Verdict("E78"))


def _choose_delivery(_desk: Desk, state: WebhooksState, chosen: str) -> Heard:
    return Heard(state.model_copy(update={"step": "delivery", "delivery_id": chosen}))


def _send_again(desk: Desk, state: WebhooksState, _chosen: str) -> Heard:
    webhook = _webhook(desk, state)
    delivery = webhooks.delivery_by_id(desk.session, webhook.id, state.delivery_id)
    webhooks.redeliver(desk.session, webhook, delivery)
    again = state.model_copy(update={"step": "deliveries", "offset": 0})
    return Heard(again, Verdict("G43", {"found": delivery.event_type}))


def _webhook(desk: Desk, state: WebhooksState) -> Webhook:
    found = scoped(desk.session, Webhook).where(col(Webhook.id) == state.webhook_id)
    return desk.session.exec(found.execution_options(populate_existing=True)).one()


# --- what is shown --------------------------------------------------------------------------------------------------


def _question(desk: Desk, state: WebhooksState) -> Prompt:
    """A step that asks one thing."""
    choices = _choices(desk, state)
    return Prompt(
        step=state.step,
        title=desk.say("webhooks.title"),
        ask=desk.say(f"webhooks.ask_{state.step}"),
        facts=_facts(desk, state),
        choices=choices,
        is_dialog=bool(choices),
        accepts_text=not choices,
        help_page="keys-and-webhooks",
    )


def _list(desk: Desk, state: WebhooksState) -> Prompt:
    found, total = webhooks.list_webhooks(desk.session, offset=state.offset, limit=PAGE)
    return Prompt(
        step="list",
        title=desk.say("webhooks.title"),
        ask=desk.say("webhooks.ask_list" if total else "webhooks.ask_none"),
        facts=(Row(desk.say("webhooks.all"), str(total)),),
        choices=_choices(desk, state),
        commands=(Command("f5", "new", desk.say("webhooks.new")), *_more(desk, state, total)),
        todo=tuple(Row(webhook.url, _state_words(desk, webhook)) for webhook in found),
        accepts_text=False,
        help_page="keys-and-webhooks",
    )


def _card(desk: Desk, state: WebhooksState) -> Prompt:
    drawn = _question(desk, state)
    is_quiet = state.step == "delivery" and not drawn.choices
    ask = desk.say("webhooks.ask_quiet") if is_quiet else drawn.ask
    return Prompt(
        step=state.step, title=drawn.title, ask=ask, facts=drawn.facts, choices=drawn.choices,
        accepts_text=False, is_card=True, help_page=drawn.help_page,
    )  # fmt: skip


def _deliveries(desk: Desk, state: WebhooksState) -> Prompt:
    sent, total = webhooks.deliveries_of(desk.session, state.webhook_id, offset=state.offset, limit=PAGE)
    return Prompt(
        step="deliveries",
        title=desk.say("webhooks.title"),
        ask=desk.say("webhooks.ask_deliveries" if total else "webhooks.no_deliveries"),
        facts=(Row(desk.say("webhooks.deliveries"), str(total)),),
        choices=_choices(desk, state),
        commands=_more(desk, state, total),
        todo=tuple(Row(row.event_type, str(row.last_status or "")) for row in sent),
        accepts_text=False,
        help_page="keys-and-webhooks",
    )


def _more(desk: Desk, state: WebhooksState, total: int) -> tuple[Command, ...]:
    return (Command("f7", "more", desk.say("keys.more")),) if total > state.offset + PAGE else ()


def _secret(desk: Desk, state: WebhooksState) -> Prompt:
    secret = slips.read(state.webhook_id)
    return Prompt(
        step="secret", title=desk.say("webhooks.title"), ask=desk.say("webhooks.ask_secret"),
        facts=secret_facts(desk, secret, is_code=state.is_code), choices=_choices(desk, state),
        accepts_text=False, is_dialog=True,
        commands=code_command(desk, is_code=state.is_code) if secret else (),
        symbol=secret if secret and state.is_code else "", help_page="keys-and-webhooks",
    )  # fmt: skip


def _facts(desk: Desk, state: WebhooksState) -> tuple[Row, ...]:
    if state.step == "delivery":
        return _delivery_facts(desk, webhooks.delivery_by_id(desk.session, state.webhook_id, state.delivery_id))
    if not state.webhook_id:
        return (Row(state.url),) if state.url else ()
    webhook = _webhook(desk, state)
    last, _ = webhooks.deliveries_of(desk.session, webhook.id, limit=1)
    return (
        Row(_host(webhook), emphasis=True),
        *((Row(_path(webhook)),) if _path(webhook) else ()),
        Row(desk.say("webhooks.state"), _state_words(desk, webhook)),
        Row(desk.say("webhooks.events"), str(len(webhook.events))),
        Row(desk.say("webhooks.last"), _outcome(desk, last[0]) if last else "-"),
    )


def _delivery_facts(desk: Desk, delivery: WebhookDelivery) -> tuple[Row, ...]:
    told = (
        Row(delivery.event_type, emphasis=True),
        Row(desk.say("webhooks.state"), desk.say(f"webhooks.status_{delivery.status}")),
        Row(desk.say("webhooks.answer"), str(delivery.last_status or delivery.last_error or "-")),
        Row(desk.say("webhooks.attempts"), str(delivery.attempts)),
        Row(desk.say("webhooks.made"), moment_of(desk, delivery.created_at)),
    )
    following = moment_of(desk, delivery.next_attempt_at) if delivery.status == "pending" else ""
    return (*told, Row(desk.say("webhooks.next"), following)) if following else told


def _outcome(desk: Desk, delivery: WebhookDelivery) -> str:
    return f"{short_moment(desk, delivery.created_at)} {desk.say(f'webhooks.status_{delivery.status}')}"


def _host(webhook: Webhook) -> str:
    """The host, with its port where the URL names one."""
    return webhook.url.partition("://")[2].partition("/")[0]


def _path(webhook: Webhook) -> str:
    """What tells two webhooks of one host apart; empty for the host alone."""
    _, slash, path = webhook.url.partition("://")[2].partition("/")
    return f"{slash}{path}" if path else ""


def _state_words(desk: Desk, webhook: Webhook) -> str:
    if webhook.removed_at is not None:
        return desk.say("webhooks.state_removed")
    state = "on" if webhook.is_listening else "paused" if webhook.is_active else "off"
    return desk.say(f"webhooks.state_{state}")


def _choices(desk: Desk, state: WebhooksState) -> tuple[Choice, ...]:
    names = _names(desk, state)
    return tuple(Choice(str(digit), code, label) for digit, (code, label) in enumerate(names, start=1))


def _names(desk: Desk, state: WebhooksState) -> list[tuple[str, str]]:
    if state.step == "list":
        found, _ = webhooks.list_webhooks(desk.session, offset=state.offset, limit=PAGE)
        hosts = Counter(_host(webhook) for webhook in found)
        return [
            (webhook.id, _host(webhook) + (_path(webhook) if hosts[_host(webhook)] > 1 else "")) for webhook in found
        ]
    if state.step == "events":
        kinds = dict.fromkeys(name.partition(".")[0] for name in webhooks.event_names(EDITION))
        return [(ALL, desk.say("webhooks.events_all")), *((kind, f"{kind}.*") for kind in kinds)]
    if state.step == "card":
        webhook = _webhook(desk, state)
        if webhook.removed_at is not None:
            return [("deliveries", desk.say("webhooks.deliveries"))]
        listening = ("test", "off") if webhook.is_listening else ("on",)
        return [(act, desk.say(f"webhooks.{act}")) for act in ("deliveries", *listening, "rotate", "remove")]
    if state.step == "deliveries":
        sent, _ = webhooks.deliveries_of(desk.session, state.webhook_id, offset=state.offset, limit=PAGE)
        return [(row.id, _outcome(desk, row)) for row in sent]
    if state.step == "delivery":
        return [("again", desk.say("webhooks.again"))] if _webhook(desk, state).is_listening else []
    words = {"rotate": ("no", "yes"), "remove": ("no", "yes"), "secret": ("noted",), "leave": ("noted", "again")}
    return [(code, desk.say(f"webhooks.{state.step}_{code}")) for code in words.get(state.step, ())]


_PROMPTS: dict[str, Callable[[Desk, WebhooksState], Prompt]] = {
    "list": _list, "card": _card, "delivery": _card, "deliveries": _deliveries, "secret": _secret,
}  # fmt: skip
_CHOICES: dict[str, Callable[[Desk, WebhooksState, str], Heard]] = {
    "list": _choose_webhook,
    "events": _make,
    "secret": _noted,
    "leave": _noted,
    "card": _act,
    "rotate": _rotate,
    "remove": _remove,
    "deliveries": _choose_delivery,
    "delivery": _send_again,
}

FLOW = Webhooks()
