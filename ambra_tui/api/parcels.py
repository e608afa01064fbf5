"""The labels of shipments as files, and where multi-carrier services tell what they have seen.

A label opens with a key, or with the signature that its link carries, so that a browser or a printer needs no key.

Example::

    GET /v2/shipments/shp_1/label?format=png&package=2&expires=1767225600&signature=1.5257a869...
    POST /v2/shipments/notices/easypost      X-Hmac-Signature: hmac-sha256-hex=...
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from ambra_tui.api.dispatch import Endpoint
from ambra_tui.api.edition import Edition
from ambra_tui.api.editions.commerce._shipments import FORMATS, sign
from ambra_tui.api.endpoint import ASKERS
from ambra_tui.api.failures import InvalidQuery
from ambra_tui.api.gate import principal_of
from ambra_tui.api.requests import read_body
from ambra_tui.errors import NotAllowed, NotFound, Unauthenticated
from ambra_tui.labels.model import Label
from ambra_tui.services import shipping
from ambra_tui.services.secrets import derived_key
from ambra_tui.settings import Settings
from ambra_tui.store import Store

EDITION = "commerce"
MEDIA = {"pdf": "application/pdf", "png": "image/png", "zpl": "application/zpl; charset=utf-8"}
DPIS = ("203", "300")
_MOST_DIGITS = 12


def parcel_endpoints(store: Store, editions: Sequence[Edition]) -> Mapping[tuple[str, str], Endpoint]:
    """Method and path -> what answers; nothing where the commerce edition is not served."""
    edition = next((one for one in editions if one.name == EDITION), None)
    if edition is None:
        return {}
    base = f"{edition.base_path}/shipments"
    notices = {("POST", f"{base}/notices/{code}"): _notices(store, code) for code in shipping.notice_codes()}
    return {("GET", f"{base}/{{id}}/label"): _labels(store, edition), **notices}


# -- labels ----------------------------------------------------------------------------------------------------------


def _labels(store: Store, edition: Edition) -> Endpoint:
    async def label(request: Request) -> Response:
        request.state.edition = edition
        shipment_id, query = request.path_params["id"], request.query_params
        organization_id = _organization(store, request, shipment_id)
        wanted, dpi = query.get("format", "pdf"), query.get("dpi", "203")
        if wanted not in FORMATS:
            raise InvalidQuery(f"must be one of {', '.join(FORMATS)}", field="format")
        if dpi not in DPIS:
            raise InvalidQuery("must be 203 or 300", field="dpi")
        package = _package(query.get("package"))
        return await asyncio.to_thread(_file, store, organization_id, shipment_id, wanted, int(dpi), package)

    return label


def _organization(store: Store, request: Request, shipment_id: str) -> int:
    """Whose shipment is asked for. Raises Unauthenticated, NotAllowed for a signature that is wrong or has ended."""
    told, expires = request.query_params.get("signature"), request.query_params.get("expires", "")
    if told is None:
        principal = principal_of(request)
        if not principal.allows("shipping", "read"):
            raise NotAllowed("This key may not do this: it needs the scope shipping:read")
        return principal.organization_id
    organization, _, signature = told.partition(".")
    if not (_is_number(organization) and _is_number(expires)):
        raise Unauthenticated("This link is not one of ours")
    with store.read_system() as session:
        key = derived_key(session, "labels")
        now = store.clock.now()
    right = sign(key, int(organization), shipment_id, int(expires))
    if not hmac.compare_digest(right.encode(), signature.encode()):
        raise Unauthenticated("This link is not one of ours")
    if datetime.fromtimestamp(int(expires), UTC) < now:
        raise NotAllowed("This link has ended: GET the shipment for a new one")
    return int(organization)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS


def _package(text: str | None) -> int | None:
    if text is None:
        return None
    if not (_is_number(text) and 1 <= int(text) <= shipping.MAX_PARCELS):
        raise InvalidQuery(f"must be a number from 1 to {shipping.MAX_PARCELS}", field="package")
    return int(text)


def _file(store: Store, organization_id: int, shipment_id: str, wanted: str, dpi: int, package: int | None) -> Response:
    with store.read(organization_id) as session:
        shipment = shipping.get_shipment(session, shipment_id)
        elsewhere = shipping.label_urls_of(shipment)
        labels = [] if elsewhere else shipping.labels_of_shipment(session, shipment)
    position = package if package is not None else 1
    if position > len(elsewhere or labels):
        raise NotFound("package", str(position))
    if elsewhere:
        return RedirectResponse(elsewhere[position - 1], status_code=302)
    holds_one = package is not None or wanted == "png"
    chosen = [labels[position - 1]] if holds_one else labels
    name = f"{shipment_id}-{position}" if holds_one else shipment_id
    headers = {
        "Content-Disposition": f'inline; filename="{name}.{wanted}"',
        "Cache-Control": "private, max-age=300",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(_drawn(chosen, wanted, dpi), media_type=MEDIA[wanted], headers=headers)


def _drawn(labels: Sequence[Label], wanted: str, dpi: int) -> bytes:
    from pathlib import Path

    from ambra_tui.labels.draw import draw_checked
    from ambra_tui.labels.formats import formats
    from ambra_tui.labels.parcel import PARCEL_STOCK

    font = Settings.from_environment().label_font
    path = Path(font) if font else None
    drawings = [draw_checked(label, PARCEL_STOCK, dpi=dpi, font=path) for label in labels]
    return formats()[wanted].write(drawings, PARCEL_STOCK)


# -- notices ---------------------------------------------------------------------------------------------------------


def _notices(store: Store, code: str) -> Endpoint:
    async def notice(request: Request) -> Response:
        body = await read_body(request)
        headers = {key.lower(): value for key, value in request.headers.items()}
        loop = asyncio.get_running_loop()
        is_ours = await loop.run_in_executor(ASKERS, _take, store, code, body, headers)
        return JSONResponse({"received": True, "applied": is_ours})

    return notice


def _take(store: Store, code: str, body: bytes, headers: Mapping[str, str]) -> bool:
    notice = shipping.connect(code).read_notice(body, headers)
    if notice is None:
        return False
    organization_id = shipping.owner_of_parcel(store, code, notice.tracking_number)
    if organization_id is None:
        return False

    def apply(session: Session) -> bool:
        return shipping.take_notice(session, code, notice.tracking_number, notice.seen)

    return bool(store.writer.run(apply, organization_id=organization_id, actor=shipping.CARRIER_ACTOR))
