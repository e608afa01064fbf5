"""EasyPost: rates, labels and tracking of a hundred carriers over its own client library.

A parcel is one shipment at EasyPost, named by our reference: it is looked for before it is made, and bought once.

Example::

    CONNECTOR.connect(Access("EZAK...")).rates(request)
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from ambra_tui.carriers._connectors import Access, Bought, Connector, Declined, Named, Notice, Rate, Request, Seen
from ambra_tui.carriers._model import Parcel
from ambra_tui.errors import NotAllowed, Unavailable

TIMEOUT_SECONDS = 20
_WORD = re.compile(r"[^a-z0-9]+")
_STATES = {
    "in_transit": "in_transit",
    "out_for_delivery": "out_for_delivery",
    "available_for_pickup": "out_for_delivery",
    "delivered": "delivered",
    "return_to_sender": "exception",
    "failure": "exception",
    "error": "exception",
}


class EasyPost:
    """See `Connector`."""

    def __init__(self, access: Access) -> None:
        try:
            import easypost
        except ImportError:
            raise Unavailable("EasyPost needs the extra 'carriers': pip install 'ambra-tui[carriers]'") from None
        more = {"api_base": access.url.rstrip("/")} if access.url else {}
        self._client: Any = easypost.EasyPostClient(access.key, timeout=TIMEOUT_SECONDS, **more)
        self._secret = access.secret

    def rates(self, request: Request) -> list[Rate]:
        """The services that every parcel has, with their prices added up."""
        with _answers():
            shipments = [
                self._client.shipment.create(**_shipment(request, parcel, f"{request.reference}rates"))
                for parcel in request.parcels
            ]
        found = [{_service(rate): rate for rate in shipment.rates} for shipment in shipments]
        common = [name for name in found[0] if all(name in one for one in found)] if found else []
        return [_sum([one[name] for one in found], name) for name in common]

    def buy(self, request: Request, service: str) -> Bought | Declined:
        """Buys what is not bought yet."""
        bought: list[Any] = []
        for number, parcel in enumerate(request.parcels, start=1):
            done = self._buy_one(request, parcel, service, f"{request.reference}-{number}", is_first=number == 1)
            if isinstance(done, Declined):
                self.void([one.id for one in bought])
                return done
            bought.append(done)
        days = [_day(one.selected_rate) for one in bought]
        return Bought(
            tuple(one.id for one in bought),
            tuple(one.tracking_code for one in bought),
            tuple(one.postage_label.label_url for one in bought),
            tuple(getattr(getattr(one, "tracker", None), "public_url", None) or "" for one in bought),
            sum((Decimal(one.selected_rate.rate) for one in bought), Decimal(0)),
            bought[0].selected_rate.currency,
            max((day for day in days if day is not None), default=None),
        )

    def _buy_one(self, request: Request, parcel: Parcel, service: str, reference: str, *, is_first: bool) -> Any:
        import easypost.errors as refusals

        with _answers():
            shipment = self._find(reference)
            if shipment is None:
                shipment = self._client.shipment.create(**_shipment(request, parcel, reference))
            if getattr(shipment, "postage_label", None):
                return shipment
            rate = next((rate for rate in shipment.rates if _service(rate) == service), None)
            if rate is None:
                offered = ", ".join(sorted(_service(rate) for rate in shipment.rates)) or "nothing"
                return Declined(f"EasyPost has no service '{service}' for it. It offers {offered}")
            more = {"insurance": str(request.insured)} if request.insured and is_first else {}
            try:
                return self._client.shipment.buy(shipment.id, rate=rate, **more)
            except (refusals.InvalidRequestError, refusals.PaymentError, refusals.BadRequestError) as error:
                return Declined(f"EasyPost: {error.message}")

    def _find(self, reference: str) -> Any:
        import easypost.errors as refusals

        try:
            return self._client.shipment.retrieve(reference)
        except refusals.NotFoundError:
            return None

    def void(self, references: Sequence[str]) -> Declined | None:
        """Asks for the postage back."""
        import easypost.errors as refusals

        for reference in references:
            try:
                with _answers():
                    self._client.shipment.refund(reference)
            except (refusals.InvalidRequestError, refusals.BadRequestError) as error:
                return Declined(f"EasyPost: {error.message}")
        return None

    def track(self, references: Sequence[str]) -> list[Seen]:
        """What the trackers of the parcels say."""
        seen: list[Seen] = []
        for reference in references:
            with _answers():
                tracker = getattr(self._client.shipment.retrieve(reference), "tracker", None)
                if tracker is not None:
                    tracker = self._client.tracker.retrieve(tracker.id)
            seen += _details(tracker)
        return seen

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Notice | None:
        """A notice about a tracker. Without a secret of ours everybody could sign: then none is believed."""
        import easypost.errors as refusals
        from easypost.util import validate_webhook

        if not self._secret:
            raise NotAllowed("this server has no secret for EasyPost's notices: set AMBRA_EASYPOST_SECRET")
        sent = {"X-Hmac-Signature": headers.get("x-hmac-signature", "")}
        try:
            event = validate_webhook(body, sent, self._secret)
        except refusals.SignatureVerificationError:
            raise NotAllowed("the notice is not signed by EasyPost") from None
        result = event.get("result")
        if not (isinstance(result, dict) and result.get("object") == "Tracker" and result.get("tracking_code")):
            return None
        return Notice(str(result["tracking_code"]), tuple(_details(result)))


@contextlib.contextmanager
def _answers() -> Iterator[None]:
    """Raises Unavailable when nobody answered, or did not know how."""
    import easypost.errors as refusals

    silent = (
        refusals.TimeoutError,
        refusals.GatewayTimeoutError,
        refusals.InternalServerError,
        refusals.ServiceUnavailableError,
        refusals.RateLimitError,
        refusals.HttpError,
        refusals.JsonError,
        refusals.UnauthorizedError,
        refusals.ForbiddenError,
    )
    try:
        yield
    except silent as error:
        raise Unavailable(f"EasyPost does not answer: {error}") from error


def _shipment(request: Request, parcel: Parcel, reference: str) -> dict[str, Any]:
    options = {"label_format": "PDF", "label_size": "4x6"}
    if request.is_signature_required:
        options["delivery_confirmation"] = "SIGNATURE"
    return {
        "reference": reference,
        "to_address": _address(request.receiver),
        "from_address": _address(request.sender),
        "parcel": _parcel(parcel),
        "options": options,
    }


def _address(address: Mapping[str, str]) -> dict[str, str]:
    named = {"line1": "street1", "line2": "street2"}
    return {named.get(name, name): value for name, value in address.items()}


def _parcel(parcel: Parcel) -> dict[str, float]:
    """Ounces and inches, rounded up to a tenth."""
    told = {"weight": _tenths(parcel.weight.ounces)}
    if parcel.size is not None:
        sides = (_tenths(side) for side in parcel.size.to("in"))
        told |= dict(zip(("length", "width", "height"), sides, strict=True))
    return told


def _tenths(amount: Fraction) -> float:
    return math.ceil(amount * 10) / 10


def _service(rate: Any) -> str:
    return _WORD.sub("_", f"{rate.carrier}_{rate.service}".lower()).strip("_")


def _sum(rates: Sequence[Any], service: str) -> Rate:
    days = [rate.delivery_days for rate in rates if getattr(rate, "delivery_days", None) is not None]
    dates = [day for rate in rates if (day := _day(rate)) is not None]
    return Rate(
        service,
        f"{rates[0].carrier} {rates[0].service}",
        sum((_money(rate.rate) for rate in rates), Decimal(0)),
        rates[0].currency,
        max(days, default=None),
        max(dates, default=None),
    )


def _money(text: Any) -> Decimal:
    try:
        return Decimal(str(text))
    except InvalidOperation:
        raise Unavailable(f"EasyPost told a price that is none: {text}") from None


def _day(rate: Any) -> date | None:
    text = getattr(rate, "delivery_date", None)
    return None if not text else datetime.fromisoformat(str(text)).date()


def _details(tracker: Any) -> list[Seen]:
    """What a tracker tells, as an object of the library or as JSON."""
    if tracker is None:
        return []
    seen: list[Seen] = []
    for one in _value(tracker, "tracking_details") or ():
        status = _STATES.get(str(_value(one, "status")))
        if status is None:
            continue
        place = _value(one, "tracking_location")
        parts = [_value(place, name) for name in ("city", "state", "country")] if place else []
        location = ", ".join(str(part) for part in parts if part)
        at = datetime.fromisoformat(str(_value(one, "datetime")))
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        seen.append(Seen(status, at.astimezone(UTC), location[:120], str(_value(one, "message") or "")[:255]))
    return seen


def _value(of: Any, name: str) -> Any:
    return of.get(name) if isinstance(of, Mapping) else getattr(of, name, None)


def _connect(access: Access) -> Connector:
    return EasyPost(access)


CONNECTOR = Named("easypost", "EasyPost", _connect)
