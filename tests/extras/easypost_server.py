"""A server that answers as EasyPost's API does (shapes of recorded answers), on a port of its own.

It keeps shipments by id and reference, sells a label once, and can be told to keep silent, to decline, or to vanish
after it has sold one.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ambra_tui.carriers._check_digits import mod10

RATES = (("USPS", "Priority", "6.95", 2), ("USPS", "GroundAdvantage", "5.93", 3), ("UPSDAP", "2ndDayAir", "14.20", 2))


class EasyPostServer:
    """`silent`: answers 503 from now on. `declines`: why it sells no label. `vanishes`: sells, and then answers 503."""

    def __init__(self) -> None:
        self.shipments: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.silent = self.vanishes = False
        self.declines = ""
        self.sold: list[str] = []
        self.refunded: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._answer(self, "GET")

            def do_POST(self) -> None:
                outer._answer(self, "POST")

            def log_message(self, *_arguments: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/v2"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def see(self, tracking_code: str, *details: dict[str, Any]) -> dict[str, Any]:
        """Adds to what a parcel's tracker tells; answers the tracker."""
        tracker = next(one["tracker"] for one in self.shipments.values() if one["tracking_code"] == tracking_code)
        tracker["tracking_details"] += details
        return dict(tracker)

    def _answer(self, request: Any, method: str) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        body = json.loads(request.rfile.read(length) or b"{}")
        path = request.path.removeprefix("/v2").partition("?")[0].strip("/").split("/")
        assert request.headers["Authorization"] == "Bearer EZTK-test"
        self.asked.append((method, request.path, body))
        status, content = (503, _error("SERVICE_UNAVAILABLE", "down")) if self.silent else self._found(path, body)
        text = json.dumps(content).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json; charset=utf-8")
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)

    def _found(self, path: list[str], body: dict[str, Any]) -> tuple[int, Any]:
        if path == ["shipments"]:
            return 201, self._create(body["shipment"])
        if path[0] == "trackers":
            tracker = next((one["tracker"] for one in self.shipments.values() if _id(one["tracker"]) == path[1]), None)
            return (200, tracker) if tracker else (404, _error("NOT_FOUND", "not found"))
        shipment = next((one for one in self.shipments.values() if path[1] in (one["id"], one["reference"])), None)
        if shipment is None:
            return 404, _error("NOT_FOUND", "The requested resource could not be found.")
        if path[2:] == ["buy"]:
            return self._buy(shipment, body)
        if path[2:] == ["refund"]:
            self.refunded.append(shipment["id"])
            return 200, {**shipment, "refund_status": "submitted"}
        return 200, shipment

    def _create(self, asked: dict[str, Any]) -> dict[str, Any]:
        number = len(self.shipments) + 1
        own = f"shp_{number:032x}"
        rates = [
            {
                "id": f"rate_{number:04x}{place:04x}", "object": "Rate", "mode": "test", "service": service,
                "carrier": carrier, "rate": rate, "currency": "USD", "delivery_days": days, "delivery_date": None,
                "delivery_date_guaranteed": False, "est_delivery_days": days, "shipment_id": own,
            }
            for place, (carrier, service, rate, days) in enumerate(RATES)
        ]  # fmt: skip
        shipment = {
            "id": own, "object": "Shipment", "mode": "test", "reference": asked.get("reference"), "status": "unknown",
            "to_address": {"object": "Address", **asked["to_address"]}, "tracking_code": None, "messages": [],
            "from_address": {"object": "Address", **asked["from_address"]}, "postage_label": None, "rates": rates,
            "parcel": {"id": f"prcl_{number:032x}", "object": "Parcel", **asked["parcel"]}, "selected_rate": None,
            "options": asked.get("options", {}), "tracker": None, "insurance": None, "refund_status": None,
        }  # fmt: skip
        self.shipments[own] = shipment
        return shipment

    def _buy(self, shipment: dict[str, Any], body: dict[str, Any]) -> tuple[int, Any]:
        if self.declines:
            return 422, _error("SHIPMENT.POSTAGE.FAILURE", self.declines)
        if shipment["postage_label"] is not None:
            return 422, _error("SHIPMENT.POSTAGE.EXISTS", "Postage already exists for this shipment.")
        self.sold.append(shipment["id"])
        digits = f"940010010544{len(self.sold):09d}"
        code = digits + mod10(digits)
        shipment |= {
            "selected_rate": next(rate for rate in shipment["rates"] if rate["id"] == body["rate"]["id"]),
            "tracking_code": code,
            "insurance": body.get("insurance"),
            "postage_label": {"object": "PostageLabel", "id": "pl_1", "label_url": f"https://files.example/{code}.pdf"},
            "tracker": {
                "id": f"trk_{code}", "object": "Tracker", "tracking_code": code, "status": "pre_transit",
                "public_url": f"https://track.example/{code}", "tracking_details": [],
            },
        }  # fmt: skip
        if self.vanishes:
            self.silent = True
            return 503, _error("SERVICE_UNAVAILABLE", "down")
        return 200, shipment


def _id(tracker: dict[str, Any] | None) -> str:
    return "" if tracker is None else str(tracker["id"])


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "errors": []}}


def detail(status: str, at: str, city: str, message: str) -> dict[str, Any]:
    """One line of a tracker."""
    place = {"object": "TrackingLocation", "city": city, "state": "TN", "country": "US", "zip": "38118"}
    return {
        "object": "TrackingDetail", "message": message, "status": status, "datetime": at, "source": "USPS",
        "tracking_location": place,
    }  # fmt: skip
