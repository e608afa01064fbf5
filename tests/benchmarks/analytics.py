"""Online Retail's invoices as commerce orders: imported by `ambra import orders`, asked for over /v2/analytics, every
figure compared with a plain SQL query over the file itself; then what a report costs, beside a tenth of the data.

An invoice whose number does not begin with C or A is an order at the time of its first line; its lines are those with a
positive quantity that have a price or a known customer, for goods (no postage, fees, vouchers): what the file holds
besides are returns and adjustments, which `replay` follows. Prices finer than a penny are rounded half up. Amounts are
pounds, in an organization whose currency is the euro.

python -m tests.benchmarks analytics --datasets FOLDER [--store URL] [--invoices N]
"""

from __future__ import annotations

import argparse
import csv
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import insert, select
from sqlmodel import Session

from ambra_tui.kit.ids import new_id
from ambra_tui.services import access
from ambra_tui.store import SYSTEM, open_store
from ambra_tui.store.models import Category, ProductCategory, Variant, table_of
from ambra_tui.store.scope import now_of, organization_of
from tests.benchmarks.replaying.files import rows_of
from tests.benchmarks.replaying.retail import FILE, is_goods, sku_of
from tests.benchmarks.screen import ROOT
from tests.benchmarks.server import Served, product_command

CURRENCY = "GBP"
CENT = Decimal("0.01")
CATEGORIES = 30
REPEATS = 5
# The file's names of countries; what is none (Unspecified, European Community) stays empty.
COUNTRIES = {
    "Australia": "AU", "Austria": "AT", "Bahrain": "BH", "Belgium": "BE", "Brazil": "BR", "Canada": "CA",
    "Channel Islands": "JE", "Cyprus": "CY", "Czech Republic": "CZ", "Denmark": "DK", "EIRE": "IE",
    "European Community": "", "Finland": "FI", "France": "FR", "Germany": "DE", "Greece": "GR", "Hong Kong": "HK",
    "Iceland": "IS", "Israel": "IL", "Italy": "IT", "Japan": "JP", "Lebanon": "LB", "Lithuania": "LT", "Malta": "MT",
    "Netherlands": "NL", "Norway": "NO", "Poland": "PL", "Portugal": "PT", "RSA": "ZA", "Saudi Arabia": "SA",
    "Singapore": "SG", "Spain": "ES", "Sweden": "SE", "Switzerland": "CH", "USA": "US", "United Arab Emirates": "AE",
    "United Kingdom": "GB", "Unspecified": "",
}  # fmt: skip
REPORTS: dict[str, dict[str, Any]] = {
    "month, country": {"dimensions": ["month", "country"], "measures": ["revenue", "order_count", "avg_order_value"]},
    "category, segment (as printed)": {
        "dimensions": ["product_category", "customer_segment"],
        "measures": ["revenue", "order_count", "avg_order_value"],
        "sort": {"field": "revenue", "order": "desc"},
    },
    "product, of Europe": {
        "dimensions": ["product"],
        "measures": ["revenue", "units_sold", "order_count"],
        "filters": {"region": "europe"},
    },
    "month, sku": {"dimensions": ["month", "sku"], "measures": ["revenue", "units_sold"], "limit": 10_000},
    "customer": {"dimensions": ["customer"], "measures": ["net_revenue", "order_count"]},
}


@dataclass(frozen=True)
class Ordered:
    """A line of an order as the file has it."""

    invoice: str
    sku: str
    name: str
    quantity: int
    pence: int
    at: str
    customer: str
    country: str


def ordered_lines(folder: Path, *, limit: int | None, tenth: bool = False) -> list[Ordered]:
    """The lines that are sales; `limit`: of so many invoices; `tenth`: of every tenth invoice."""
    found: list[Ordered] = []
    invoices: dict[str, int] = {}
    for row in rows_of(folder, FILE):
        quantity, price = int(row["Quantity"]), Decimal(row["UnitPrice"]).quantize(CENT, ROUND_HALF_UP)
        sku, invoice = sku_of(row["StockCode"]), row["InvoiceNo"]
        if invoice[0] in "CA" or quantity <= 0 or not is_goods(sku) or not (price > 0 or row["CustomerID"]):
            continue
        number = invoices.setdefault(invoice, len(invoices))
        if (limit is not None and number >= limit) or (tenth and number % 10):
            continue
        name = " ".join("".join(letter for letter in row["Description"] if letter.isprintable()).split())
        customer = row["CustomerID"].removesuffix(".0")
        country = COUNTRIES[row["Country"]]
        found.append(Ordered(invoice, sku, name, quantity, int(price * 100), row["InvoiceDate"], customer, country))
    return found


# --- the answer of the file -----------------------------------------------------------------------------------------

_TABLE = "CREATE TABLE line (invoice, sku, name, quantity INT, pence INT, at, customer, country)"
_FIRST = "(SELECT invoice, MIN(at) AS at, MAX(country) AS country, MAX(customer) AS customer FROM line GROUP BY 1)"
_SUMS = "SUM(l.pence * l.quantity), COUNT(DISTINCT l.invoice), SUM(l.quantity)"
_BY = {"month": "substr(o.at, 1, 7)", "country": "o.country", "sku": "l.sku", "customer": "o.customer"}


class FileFigures:
    """Plain SQL over the lines, without a line of the product's."""

    def __init__(self, lines: Iterable[Ordered]) -> None:
        self._database = sqlite3.connect(":memory:")
        self._database.execute(_TABLE)
        rows = [tuple(vars(line).values()) for line in lines]
        self._database.execute("CREATE INDEX of_invoice ON line (invoice)")
        self._database.executemany("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def by(self, *names: str) -> dict[tuple[str, ...], tuple[Decimal, int, int]]:
        """Keys -> revenue, orders, units."""
        keys = ", ".join(_BY[name] for name in names)
        groups = ", ".join(str(position) for position in range(1, len(names) + 1))
        sql = f"SELECT {keys}, {_SUMS} FROM line l JOIN {_FIRST} o ON o.invoice = l.invoice GROUP BY {groups}"
        rows = self._database.execute(sql).fetchall()
        count = len(names)
        return {row[:count]: (Decimal(row[count]) / 100, row[count + 1], row[count + 2]) for row in rows}


# --- the product ----------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str]) -> None:
    """Loads, compares, measures; the exit code is 1 when a figure differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks analytics")
    parser.add_argument("--datasets", type=Path, required=True)
    parser.add_argument("--store", help="a store's URL; without it a SQLite file that is thrown away")
    parser.add_argument("--invoices", type=int, help="so many invoices only")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="ambra-analytics-") as folder:
        url = given.store or f"sqlite:///{folder}/analytics.db"
        source = given.datasets / "online_retail"
        loaded = {
            part: _load(url, Path(folder), part, ordered_lines(source, limit=given.invoices, tenth=part == "a tenth"))
            for part in ("a tenth", "all")
        }
        is_right = _ask(url, loaded)
        clean = subprocess.run(_command("verify", "--store", url), cwd=ROOT, check=False).returncode == 0
    sys.exit(0 if is_right and clean else 1)


@dataclass(frozen=True)
class Loaded:
    """An organization that has the lines, and a key of it."""

    lines: list[Ordered]
    key: str


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "ambra_tui.cli", *words]


def _load(url: str, folder: Path, part: str, lines: list[Ordered]) -> Loaded:
    name = f"Online Retail, {part} {time.strftime('%Y-%m-%d %H:%M:%S')}"
    with open_store(url) as store:
        made = access.create_organization(store, name, [], currency="EUR")
        assert made.id is not None
        organization_id = made.id
        _, key = access.create_key(
            store, organization_id=made.id, label="analytics", scopes=["admin"], plan="enterprise"
        )  # fmt: skip
    where = ("--store", url, "--organization", name)
    places = _csv(folder / "places.csv", ("site", "site_name", "code", "kind"), [("SHOP", "Shop", "RECV", "dock")])
    _import("locations", places, *where)
    names = {line.sku: line.name for line in lines if line.name}
    goods = [(sku, names.get(sku, f"Stock code {sku}")) for sku in sorted({line.sku for line in lines})]
    _import("catalog", _csv(folder / "goods.csv", ("sku", "name"), goods), *where)
    header = ("number", "site", "customer", "email", "sku", "quantity", "price", "currency", "ordered_at", "country")
    rows = [
        (
            line.invoice, "SHOP", f"Customer {line.customer}" if line.customer else "",
            f"{line.customer}@customers.example" if line.customer else "", line.sku, line.quantity,
            f"{line.pence / 100:.2f}", CURRENCY, line.at, line.country,
        )
        for line in lines
    ]  # fmt: skip
    began = time.monotonic()
    _import("orders", _csv(folder / "orders.csv", header, rows), *where)
    orders = len({line.invoice for line in lines})
    print(f"{part}: {orders} orders, {len(lines)} lines, {orders / (time.monotonic() - began):.0f} orders a second")
    with open_store(url) as store:
        store.writer.run(_categorize, organization_id=organization_id, actor=SYSTEM)
    return Loaded(lines, key)


def _csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return str(path)


def _import(*words: str) -> None:
    began = time.monotonic()
    ran = subprocess.run(_command("import", *words), cwd=ROOT, check=False, capture_output=True, text=True)
    print(f"{ran.stdout.strip()} ({time.monotonic() - began:.1f} s)")
    told = [line for line in ran.stderr.splitlines() if line.startswith("line ")]
    for line in told[:5]:
        print(f"    {line}")
    if told:
        raise SystemExit(f"{len(told)} lines were refused")


def _categorize(session: Session) -> None:
    """The file knows no categories: products are dealt out to some, so that reports by them have work to do."""
    organization_id, now = organization_of(session), now_of(session)
    ids = [new_id("cat") for _ in range(CATEGORIES)]
    rows = [
        {
            "organization_id": organization_id, "id": key, "parent_id": None, "name": f"Category {number}",
            "slug": f"category-{number}", "description": "", "status": "active", "depth": 0, "created_at": now,
            "updated_at": now,
        }
        for number, key in enumerate(ids)
    ]  # fmt: skip
    session.connection().execute(insert(table_of(Category)), rows)
    variant = table_of(Variant)
    found = session.connection().execute(
        select(variant.c.product_id).where(variant.c.organization_id == organization_id).order_by(variant.c.sku)
    )
    links = [
        {
            "organization_id": organization_id,
            "product_id": row[0],
            "category_id": ids[number % CATEGORIES],
            "position": 0,
        }
        for number, row in enumerate(found)
    ]
    session.connection().execute(insert(table_of(ProductCategory)), links)


def _ask(url: str, loaded: dict[str, Loaded]) -> bool:
    with Served(product_command(url)) as served:
        address = f"http://{served.address}"
        whole = loaded["all"]
        with httpx.Client(base_url=address, timeout=120, headers={"Authorization": f"Bearer {whole.key}"}) as client:
            is_right = _compare(client, FileFigures(whole.lines))
        times: dict[str, dict[str, float]] = {}
        for part, each in loaded.items():
            headers = {"Authorization": f"Bearer {each.key}"}
            with httpx.Client(base_url=address, timeout=120, headers=headers) as client:
                times[part] = {name: _time_of(client, body) for name, body in REPORTS.items()}
    print(f"\n{'report (POST /v2/analytics/custom)':<36}{'a tenth':>10}{'all':>10}{'ratio':>8}")
    for name, small in times["a tenth"].items():
        large = times["all"][name]
        print(f"{name:<36}{small * 1000:>7.0f} ms{large * 1000:>7.0f} ms{large / small:>8.1f}")
        is_right = is_right and large < 1.0
    return is_right


def _post(client: httpx.Client, body: dict[str, Any]) -> Any:
    filters = {**body.get("filters", {}), "currency": CURRENCY}
    answer = client.post("/v2/analytics/custom", json={**body, "filters": filters})
    if answer.status_code != 201:
        raise SystemExit(f"{answer.status_code} {answer.text}")
    return answer.json()


def _time_of(client: httpx.Client, body: dict[str, Any]) -> float:
    taken = []
    for _ in range(REPEATS):
        began = time.monotonic()
        _post(client, body)
        taken.append(time.monotonic() - began)
    return sorted(taken)[REPEATS // 2]


def _compare(client: httpx.Client, figures: FileFigures) -> bool:
    """Every figure of every table, to the penny."""
    is_right = True
    for names in (("month",), ("country",), ("sku",), ("month", "country")):
        asked = {"dimensions": list(names), "measures": ["revenue", "order_count", "units_sold"], "limit": 10_000}
        told = {
            tuple(row[name] for name in names): (
                Decimal(str(row["revenue"])), row["order_count"], row["units_sold"],
            )
            for row in _post(client, asked)["rows"]
        }  # fmt: skip
        wanted = figures.by(*names)
        different = [key for key in wanted.keys() | told.keys() if wanted.get(key) != told.get(key)]
        total = sum(values[0] for values in told.values())
        print(f"by {', '.join(names)}: {len(wanted)} rows, {total} {CURRENCY}, {len(different)} differ from the file")
        for key in different[:5]:
            print(f"    {key}: {told.get(key)} is told, {wanted.get(key)} stands in the file")
        is_right = is_right and not different
    months = figures.by("month")
    span = {"start_date": f"{min(months)[0]}-01", "end_date": f"{max(months)[0]}-28", "period": "month"}
    series = client.get("/v2/analytics/sales", params={**span, "currency": CURRENCY}).json()["series"]
    told_months = {(step["start_date"][:7],): Decimal(str(step["revenue"])) for step in series[:-1]}
    return is_right and all(told_months[key] == months[key][0] for key in told_months)
