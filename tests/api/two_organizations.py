"""Two organizations alike in kind and different in every name, and requests of one that name things of the other.

A trial is one request as a person would write it. ``$sku`` names a thing that exists; ``+sku`` is a new thing's name.
Each name of a trial is tried twice: once as the other organization's, once as nobody's. Both answers must be the same.

Example::

    Trial("/orders/$order/fulfill", {"items": [{"sku": "$sku", "quantity": 1}]})
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
from sqlalchemy import Table, select

from ambra_tui.services import places
from ambra_tui.store.models import metadata
from tests.api.conftest import Api

Names = dict[str, str]
_NAME = re.compile(r"[$+][a-z_]+")
_ULID = r"[0-9A-HJKMNP-TV-Z]{26}"
_ID = re.compile(rf"[a-z]+_{_ULID}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_COUNTED = re.compile(r"\b[A-Z]{2,4}-?\d{6}\b")
_CHANGING = frozenset(
    ("date", "etag", "content-length", "x-request-id", "ratelimit", "x-ratelimit-remaining", "x-ratelimit-reset")
)


@dataclass(frozen=True)
class Trial:
    """One request of an operation. `is_done`: with the caller's own names it is answered with a 2xx."""

    path: str
    body: Any = None
    query: Mapping[str, str] = field(default_factory=dict)
    is_done: bool = True

    @property
    def names(self) -> list[str]:
        """Every name in it, sign and all."""
        texts = [self.path, *texts_of(self.body), *texts_of(dict(self.query))]
        return sorted({name for text in texts for name in _NAME.findall(text)})

    @property
    def keys(self) -> set[str]:
        """Fields of the body and the query that hold a name."""
        return {key for part in (self.body, dict(self.query)) for key in _named_keys(part)}


def texts_of(value: Any) -> Iterator[str]:
    """Every text inside `value`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)


def _named_keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str | list) and any(_NAME.search(text) for text in texts_of(inner)):
                yield key
            yield from _named_keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named_keys(inner)


def filled(value: Any, names: Names) -> Any:
    """`value` with every name in its place."""
    if isinstance(value, str):
        return _NAME.sub(lambda found: names[found[0]], value)
    if isinstance(value, dict):
        return {key: filled(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, names) for inner in value]
    return value


# --- names -----------------------------------------------------------------------------------------------------------


def gtin(number: int) -> str:
    """The EAN-13 with these twelve digits."""
    digits = f"{number:012d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


class Nobodys:
    """Names that no organization has, each as long and of the same form as the name it stands for."""

    def __init__(self) -> None:
        self._count = 0

    def like(self, name: str) -> str:
        self._count += 1
        if re.fullmatch(rf"[a-z]+_{_ULID}", name):
            return f"{name[:-26]}7ZZZZZZZZZZZZZZZZZZZZZ{self._count:04d}"
        if name.isdecimal():
            return gtin(590_000_000_000 + self._count)
        letters = "".join("BCDFGHJKLM"[int(digit)] for digit in f"{self._count:04d}")
        return name.replace(name[:5], f"Q{letters}")


# --- what an organization has ---------------------------------------------------------------------------------------


def furnished(api: Api, mark: str, goods: str, code: int) -> Names:
    """One of everything, named after `mark` (five letters); ids and names by what they are."""
    names = {
        "$sku": f"{mark}-{goods}", "$barcode": gtin(code), "$lot_sku": f"{mark}-{goods}-LOT",
        "$serial_sku": f"{mark}-{goods}-UNIT", "$serial": f"{mark}-SN-1", "$lot_number": f"{mark}-LOT-1",
        "$plate": f"{mark}-PALLET", "$bin_code": f"{mark}-A1", "$site_code": f"{mark}W",
    }  # fmt: skip
    _make_places(api, mark, names)
    _make_goods(api, mark, names)
    _make_documents(api, mark, names)
    _make_rules(api, names)
    _make_batches(api, mark, names)
    return names


def _made(api: Api, path: str, body: Any) -> dict[str, Any]:
    answer = api.post(path, body)
    assert answer.status_code in (200, 201), (path, answer.text)
    made: dict[str, Any] = answer.json()
    return made


def _make_places(api: Api, mark: str, names: Names) -> None:
    names["$site"] = _made(api, "/locations", {"name": f"{mark} house", "code": names["$site_code"]})["id"]
    names["$shop"] = _made(api, "/locations", {"name": f"{mark} shop", "code": f"{mark}S", "kind": "store"})["id"]
    market = {"name": f"{mark} market", "code": f"{mark}M", "kind": "fba"}
    names["$market"] = api.write(lambda session: places.create_site(session, **market)).id
    names["$supplier_name"] = f"{mark}-SUPPLIES"
    names["$supplier"] = _made(api, "/suppliers", {"name": names["$supplier_name"], "code": f"{mark}-SUP"})["id"]

    def inside(session: Any) -> tuple[str, str]:
        place = places.create_location(session, site_id=names["$site"], code=names["$bin_code"], kind="pick")
        return place.id, place.barcode

    names["$bin"], names["$bin_barcode"] = api.write(inside)
    api.write(lambda session: places.find_or_create_plate(session, names["$plate"]))


def _make_goods(api: Api, mark: str, names: Names) -> None:
    plain = {"name": f"{mark} goods", "sku": names["$sku"], "barcode": names["$barcode"], "price": 2}
    product = _made(api, "/products", plain)
    names["$product"], names["$variant"] = product["id"], product["variants"][0]["id"]
    lotted = {"name": f"{mark} lots", "sku": names["$lot_sku"], "is_lot_tracked": True, "is_expiry_tracked": True}
    names["$lot_variant"] = _made(api, "/products", lotted)["variants"][0]["id"]
    _made(api, "/products", {"name": f"{mark} units", "sku": names["$serial_sku"], "is_serial_tracked": True})
    stocked = {"sku": names["$sku"], "location_id": names["$bin"], "quantity": 1000, "reason": mark}
    names["$adjustment"] = _made(api, "/inventory_adjustments", stocked)["id"]
    unit = {"sku": names["$serial_sku"], "location_id": names["$bin"], "quantity": 1}
    _made(api, "/inventory_adjustments", {**unit, "serial_number": names["$serial"]})
    lot = {"lot_number": names["$lot_number"], "sku": names["$lot_sku"], "expiry_date": "2090-01-01"}
    names["$lot"] = _made(api, "/lots", {**lot, "quantity_initial": 50, "location_id": names["$bin"]})["id"]


def _make_documents(api: Api, mark: str, names: Names) -> None:
    items = [{"sku": names["$sku"], "quantity": 4}]
    house = {"location_id": names["$site"], "items": items}

    def order(number: str) -> dict[str, Any]:
        return _made(api, "/orders", {**house, "number": f"{mark}-{number}", "customer": mark})

    first = order("SO-1")
    names |= {"$order": first["id"], "$order_number": first["number"], "$order_item": first["items"][0]["id"]}
    names["$spare_order"] = order("SO-2")["id"]
    names["$shipped_order"] = order("SO-3")["id"]
    _made(api, f"/orders/{names['$shipped_order']}/fulfill", {})
    bought = {**house, "supplier_id": names["$supplier"], "number": f"{mark}-PO-1", "notes": mark}
    bought = _made(api, "/purchase_orders", bought)
    names |= {
        "$purchase_order": bought["id"], "$purchase_number": bought["number"],
        "$purchase_item": bought["items"][0]["id"],
    }  # fmt: skip
    ends = {"from_location_id": names["$site"], "to_location_id": names["$shop"], "items": items}
    sent = _made(api, "/stock_transfers", {**ends, "number": f"{mark}-TR-1"})
    names |= {"$transfer": sent["id"], "$transfer_number": sent["number"], "$transfer_item": sent["items"][0]["id"]}
    names["$spare_transfer"] = _made(api, "/stock_transfers", {**ends, "number": f"{mark}-TR-2"})["id"]
    names["$third_transfer"] = _made(api, "/stock_transfers", {**ends, "number": f"{mark}-TR-3"})["id"]
    short = _made(api, "/stock_transfers", {**ends, "number": f"{mark}-TR-4"})
    names |= {"$short_transfer": short["id"], "$short_item": short["items"][0]["id"]}
    back = {"order_id": names["$shipped_order"], "reason": mark}
    one = [{"sku": names["$sku"], "quantity": 1, "condition": "sellable"}]
    returned = _made(api, "/return_authorizations", {**back, "items": one, "number": f"{mark}-RMA-1"})
    names |= {"$return": returned["id"], "$return_number": returned["number"]}
    names["$spare_return"] = _made(api, "/return_authorizations", {**back, "items": one, "number": f"{mark}-RMA-2"})[
        "id"
    ]
    count = _made(api, "/cycle_counts", {"location_id": names["$site"], "number": f"{mark}-CC-1", "notes": mark})
    count = _made(api, f"/cycle_counts/{count['id']}/load_inventory", {})
    item = next(item for item in count["items"] if item["sku"] == names["$sku"])
    names |= {"$count": count["id"], "$count_number": count["number"], "$count_item": item["id"]}
    waste = {"sku": names["$lot_sku"], "location_id": names["$bin"], "quantity": 1, "reason": "other", "notes": mark}
    names["$waste"] = _made(api, "/waste_records", {**waste, "lot_record_id": names["$lot"]})["id"]


def _make_rules(api: Api, names: Names) -> None:
    points = {"location_id": names["$site"], "reorder_point": 5, "reorder_quantity": 20}
    names["$policy"] = _made(api, "/inventory_policies", {**points, "variant_id": names["$lot_variant"]})["id"]
    default = api.client.put(f"/api/v1/inventory_policy_defaults/{names['$lot_variant']}", json={"reorder_point": 2})
    assert default.status_code == 200, default.text


def _make_batches(api: Api, mark: str, names: Names) -> None:
    names["$made_sku"] = f"{mark}-MADE"
    made = {"name": f"{mark} made", "sku": names["$made_sku"], "is_lot_tracked": True, "is_made": True}
    names["$made_variant"] = _made(api, "/products", made)["variants"][0]["id"]
    recipe = {"name": mark, "number": f"{mark}-RC-1", "output_sku": names["$made_sku"], "output_quantity": 1}
    parts = [{"sku": names["$lot_sku"], "quantity": 1}]
    recipe = _made(api, "/recipes", {**recipe, "shelf_life_days": 30, "ingredients": parts})
    names |= {"$recipe": recipe["id"], "$recipe_number": recipe["number"]}
    planned = {"recipe_id": names["$recipe"], "location_id": names["$site"], "planned_quantity": 1, "notes": mark}
    for number, (batch, used) in enumerate((("batch", "batch_input"), ("second_batch", "second_input")), start=1):
        found = _made(api, "/production_batches", {**planned, "number": f"{mark}-PB-{number}"})
        names |= {f"${batch}": found["id"], f"${used}": found["inputs"][0]["id"]}
    names["$batch_number"] = f"{mark}-PB-1"
    names["$spare_batch"] = _made(api, "/production_batches", planned)["id"]


# --- asking and comparing -------------------------------------------------------------------------------------------


def ask(api: Api, method: str, trial: Trial, names: Names, *, base: str = "/api/v1", **headers: str) -> httpx.Response:
    """The answer to `trial` with these names, below the base path of its edition."""
    path = "/".join(quote(filled(part, names), safe="") for part in trial.path.split("/"))
    body = None if method == "GET" else filled(trial.body if trial.body is not None else {}, names)
    return api.client.request(
        method, f"{base}{path}", json=body, params=filled(dict(trial.query), names) or None, headers=headers
    )


def likeness(answer: httpx.Response, named: str, *, is_read: bool) -> tuple[int, dict[str, str], str]:
    """What an answer tells apart from the name it was asked about, new ids, numbers and moments."""

    def plain(text: str) -> str:
        for spelled in spellings(named):
            text = text.replace(spelled, "<named>")
        return _COUNTED.sub("<number>", _MOMENT.sub("<moment>", _ID.sub("<id>", text)))

    headers = {name: plain(value) for name, value in answer.headers.items() if name not in _CHANGING}
    is_made = answer.is_success and not is_read  # each making changes what the next one finds
    text = " ".join(sorted(answer.json())) if is_made and answer.content else plain(answer.text)
    return answer.status_code, headers | dict.fromkeys(_CHANGING & set(answer.headers), ""), text


def spellings(named: str) -> list[str]:
    """How an answer may write what it was asked about, the longest first."""
    return sorted(
        {named, quote(named, safe=""), quote_plus(named), named.replace("-", " "), named.lower()}, key=len, reverse=True
    )


def is_empty(content: Any) -> bool:
    """A list's answer without a row."""
    return (content["data"] if isinstance(content, dict) else content) == []


def whole_data(api: Api) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the organization, table by table."""

    def rows(table: Table) -> list[tuple[Any, ...]]:
        column = table.c.get("organization_id", table.c.id if table.name == "organization" else None)
        if column is None:
            return []
        found = session.connection().execute(select(table).where(column == api.organization_id))
        return sorted((tuple(row) for row in found), key=repr)

    with api.store.read(api.organization_id) as session:
        return {table.name: rows(table) for table in metadata.sorted_tables}


def ids_in(text: str) -> set[str]:
    """Every id in a text."""
    return set(_ID.findall(text))
