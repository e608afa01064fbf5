"""Webhooks: the subscriptions at the server, and the events that arrive here.

Example::

    client.webhooks.on("stock_level.low", lambda event: print(event.data.object.name))
    with client.webhooks.listen(port=9000, secret="whsec_...") as listener:
        client.webhooks.create(url=f"{listener.address}/", events=["stock_level.low"], secret="whsec_...")
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, overload

from ambra_tui.sdk.errors import InvalidRequest, SignatureInvalid
from ambra_tui.sdk.listener import Listener
from ambra_tui.sdk.record import Record, read_json
from ambra_tui.sdk.request import change, read
from ambra_tui.sdk.resources import (
    Creatable,
    Door,
    Many,
    Nothing,
    One,
    Readable,
    Removable,
    Updatable,
)
from ambra_tui.sdk.signatures import (
    SIGNATURE_HEADER,
    TOLERANCE_SECONDS,
    lower_case,
    verify_standard_webhook,
    verify_webhook,
)

SECRET_VARIABLE = "AMBRA_WEBHOOK_SECRET"  # noqa: S105  # a name, no secret
EVERY_EVENT = "*"
_EVENT = re.compile(r"[a-z_]+\.[a-z_]+|\*")

Handler = Callable[[Record], object]
Secrets = str | Sequence[str]
HandlerType = TypeVar("HandlerType", bound=Handler)


class Subscriptions(
    Readable[One, Many, Nothing],
    Creatable[One, Many, Nothing],
    Removable[One, Many, Nothing],
):
    """Subscriptions and handlers of what arrives."""

    name = "webhooks"

    def __init__(self, door: Door[One, Many, Nothing]) -> None:
        super().__init__(door)
        self._handlers: dict[str, list[Handler]] = {}

    # --- at the server ------------------------------------------------------------------------------------------------

    def deliveries(self, key: str, /, **filters: object) -> Many:
        """What was sent to a subscription, newest first."""
        return self._door.many(read(self.name, key, "deliveries", query=filters))

    def delivery(self, key: str, delivery: str, /) -> One:
        """One delivery with its event and every attempt."""
        return self._door.one(read(self.name, key, "deliveries", delivery))

    def redeliver(self, key: str, delivery: str, /, *, idempotency_key: str | None = None) -> One:
        """Sends one delivery again."""
        names = (self.name, key, "deliveries", delivery, "redeliver")
        return self._door.one(change("POST", *names, body={}, idempotency_key=idempotency_key))

    def test(self, key: str, /, *, idempotency_key: str | None = None) -> One:
        """Sends an event `webhook.test`."""
        return self._door.one(change("POST", self.name, key, "test", body={}, idempotency_key=idempotency_key))

    # --- here ---------------------------------------------------------------------------------------------------------

    @overload
    def on(self, event: str, handler: HandlerType) -> HandlerType: ...
    @overload
    def on(self, event: str) -> Callable[[HandlerType], HandlerType]: ...
    def on(self, event: str, handler: HandlerType | None = None) -> HandlerType | Callable[[HandlerType], HandlerType]:
        """Calls `handler` with each event of this type that `handle` or `listen` takes in; ``"*"`` is every type.

        An event may arrive more than once, then with the same `id`. Without a handler this is a decorator.
        """
        if handler is None:
            return lambda decorated: self.on(event, decorated)
        if not _EVENT.fullmatch(event):
            raise ValueError(f"an event is such as 'stock_level.low', or '*': not {event!r}")
        if not callable(handler) or inspect.iscoroutinefunction(handler):
            raise TypeError("a handler is a plain function of the event")
        self._handlers.setdefault(event, []).append(handler)
        return handler

    def verify(
        self,
        body: bytes | str,
        headers: Mapping[str, str],
        *,
        secret: Secrets | None = None,
        tolerance_seconds: float | None = TOLERANCE_SECONDS,
    ) -> Record:
        """The event in a raw body, once its signature is checked; no handler is called.

        `secret` (else AMBRA_WEBHOOK_SECRET) may be several while one replaces another. With ``tolerance_seconds=None``
        the plain `X-Webhook-Signature` is enough, and nothing tells an old delivery from a new one. Raises
        SignatureInvalid, and InvalidRequest for a body that is no event.
        """
        if not any(_is_signed(body, headers, one, tolerance_seconds) for one in _known(secret)):
            raise SignatureInvalid("The signature does not fit the body and the secret, or the delivery is too old.")
        return _event(body)

    def handle(
        self,
        body: bytes | str,
        headers: Mapping[str, str],
        *,
        secret: Secrets | None = None,
        tolerance_seconds: float | None = TOLERANCE_SECONDS,
    ) -> Record:
        """As `verify`, then calls the handlers of the event's type, in the order in which they were given."""
        event = self.verify(body, headers, secret=secret, tolerance_seconds=tolerance_seconds)
        self.dispatch(event)
        return event

    def dispatch(self, event: Record) -> None:
        """Calls the handlers of the event's type. What a handler raises ends it, so that the event is sent again."""
        for handler in (*self._handlers.get(event.type, ()), *self._handlers.get(EVERY_EVENT, ())):
            handler(event)

    def listen(
        self,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        secret: Secrets | None = None,
        tolerance_seconds: float | None = TOLERANCE_SECONDS,
    ) -> Listener:
        """A small server in a thread that takes deliveries in as `handle` does; port 0 is a free one. `close()` ends
        it."""
        known = _known(secret)

        def verify(body: bytes, headers: Mapping[str, str]) -> Record:
            return self.verify(body, headers, secret=known, tolerance_seconds=tolerance_seconds)

        return Listener(verify, self.dispatch, host=host, port=port)


class Webhooks(Subscriptions[One, Many, Nothing], Updatable[One, Many, Nothing]):
    """Subscriptions (these calls need an admin key) and handlers of what arrives."""

    def rotate_secret(
        self,
        key: str,
        /,
        *,
        overlap_seconds: int | None = None,
        secret: str | None = None,
        idempotency_key: str | None = None,
    ) -> One:
        """Another secret, `secret` or a made one; the old one signs beside it for `overlap_seconds`."""
        given = {"overlap_seconds": overlap_seconds, "secret": secret}
        body = {name: value for name, value in given.items() if value is not None}
        return self._door.one(
            change("POST", self.name, key, "rotate_secret", body=body, idempotency_key=idempotency_key)
        )


def _event(body: bytes | str) -> Record:
    try:
        event = read_json(body)
    except ValueError:
        event = None
    if isinstance(event, Record) and isinstance(event.get("type"), str):
        return event
    raise InvalidRequest("The body is no event.", code="INVALID_EVENT")


def _known(secret: Secrets | None) -> tuple[str, ...]:
    given = os.environ.get(SECRET_VARIABLE, "") if secret is None else secret
    known = (given,) if isinstance(given, str) else tuple(given)
    if not known or not all(known):
        raise ValueError(f"there is no secret to check webhooks with: give secret, or set {SECRET_VARIABLE}")
    return known


def _is_signed(body: bytes | str, headers: Mapping[str, str], secret: str, tolerance: float | None) -> bool:
    if tolerance is not None:
        return verify_standard_webhook(body, headers, secret, tolerance_seconds=tolerance)
    return verify_webhook(body, lower_case(headers).get(SIGNATURE_HEADER, ""), secret)
