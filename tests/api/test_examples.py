"""Every example of the reference does what it says: curl lines and programs, against a real server."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
from collections.abc import Iterator
from functools import cached_property, partial
from html import unescape
from typing import Any

import httpx
import pytest

from ambra_tui.api.app import find_editions
from ambra_tui.services import access
from ambra_tui.services.webhooks.signing import hex_signature
from tests.api.conftest import Api, LiveServer, open_api
from tests.api.edition_trials import FOLDERS, furnish, name_of
from tests.api.examples import BASE_URL, Example, examples_of, parsed
from tests.api.pictures import Shelf, picture
from tests.api.test_two_organizations import TRIALS
from tests.api.two_organizations import Names, furnished

# Printed names that mean something else in these examples: new things, others that fit.
WORDS = {
    "createProduct": {"MILK-1L": "MILK-1L"},
    "createLot": {"MILK-1L": "$made_sku"},
    "createProductionBatch": {"rcp_1": "$baked"},
    "receivePurchaseOrder": {"MILK-1L": "$lot_sku"},
    "commerce.createOrder": {"cust_123": "$buyer", "prod_456": "$product", "var_789": "$variant"},
    "commerce.createShipment": {"ord_123": "$open_order"},
    "commerce.createPaymentIntent": {"ord_123": "$dollar_order", "cust_456": "$buyer"},
    "commerce.addProductImage": {"https://your-domain.com/front.png": "$picture"},
    "ambra.receivePurchaseOrder": {"prod_123": "$lot_product", "prod_1": "$lot_product"},
}
RECEIVED = ("receivePurchaseOrder", "ambra.receivePurchaseOrder")
LAST = {"ambra.updateWebhook", "commerce.updateWebhook"}  # it switches off what others use
OF_SANDBOX = "ambra.resetSandbox"


@pytest.fixture
def dialect() -> str:
    """The examples do not depend on the database."""
    return "sqlite"


class Reader:
    """Somebody with a key who tries what the pages show, in the order in which it can be done."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.names: Names = furnished(api, "READS", "NUTS", 400_000_000_300)
        furnish(api, "READS", self.names)
        self._prepare()
        self.key = api.client.headers["Authorization"].removeprefix("Bearer ")
        self.faults: list[str] = []

    def _prepare(self) -> None:
        """What the examples take for granted: enough on order and on the way, a recipe in use."""
        ends = {"from_location_id": self.names["$site"], "to_location_id": self.names["$shop"]}
        milk = {"sku": self.names["$sku"]}
        sent = self.api.post("/stock_transfers", {**ends, "items": [{**milk, "quantity": 24}]}).json()["id"]
        self.api.post(f"/stock_transfers/{sent}/ship")
        place = {"location_id": self.names["$site"], "supplier_id": self.names["$supplier"]}
        lots = {"sku": self.names["$lot_sku"]}
        bought = self.api.post("/purchase_orders", {**place, "items": [{**lots, "quantity": 120}]}).json()["id"]
        parts = [{**lots, "quantity": 1}]
        recipe = self.api.post("/recipes", {"output_sku": self.names["$made_sku"], "ingredients": parts}).json()["id"]
        found = self.api.client.get("/v1/products", params={"sku": self.names["$lot_sku"]}).json()["data"]
        self.names["$lot_product"] = found[0]["id"]
        self.names |= {"$sent": sent, "$bought": bought, "$baked": recipe}

    def examples(self) -> Iterator[Example]:
        """Each with this organization's names."""
        found = {name_of(example.edition, example.operation): example for example in examples_of(self.api.client)}
        bought = {"$purchase_order": "$bought"}
        paths = {"receiveStockTransfer": {"$transfer": "$sent"}} | dict.fromkeys(RECEIVED, bought)
        for name in sorted((name for name in TRIALS if name in found), key=LAST.__contains__):
            trial = next((trial for trial in TRIALS[name] if trial.is_done), TRIALS[name][0])
            own = {one: self.names[other] for one, other in paths.get(name, {}).items()}
            yield found[name].put(trial, {**self.names, **own}, {**codes_in(found[name]), **WORDS.get(name, {})})

    def key_for(self, example: Example) -> str:
        """A sandbox begins anew with a key of its own."""
        return self._sandbox_key if is_of_sandbox(example) else self.key

    @cached_property
    def _sandbox_key(self) -> str:
        _, secret = access.create_key(
            self.api.store, organization_id=self.api.organization_id, label="try", scopes=["admin"], sandbox=True
        )
        return secret

    def send(self, example: Example) -> None:
        """The curl line, as a shell and curl send it."""
        variables = {"AMBRA_API_KEY": self.key_for(example), "(uuidgen)": example.operation.operation_id}
        self.judge(example, self.api.client.request(**parsed(example.curl, variables)))

    def judge(self, example: Example, answer: httpx.Response) -> None:
        """The answer is the one that the page tells of."""
        if answer.status_code != example.operation.status:
            self.faults.append(f"{example.curl}\n{answer.status_code} {answer.text[:400]}")

    def run(self, example: Example, address: str) -> None:
        """The program."""
        code = example.python.replace(BASE_URL, address)
        try:
            exec(compile(code, example.operation.operation_id, "exec"), {})
        except Exception as error:  # noqa: BLE001  whatever breaks a program, the page is wrong
            answer = getattr(error, "response", None)
            self.faults.append(f"{code}\n{error!r} {answer.text[:400] if answer is not None else ''}")


def is_of_sandbox(example: Example) -> bool:
    """Whether only a test_ key may do it."""
    return name_of(example.edition, example.operation) == OF_SANDBOX


def codes_in(example: Example) -> dict[str, str]:
    """Codes that an example gives a thing: several examples print the same, and each must be free."""
    body = example.operation.example or {}
    rows = [body, *body.get("products", ())] if example.edition.name in FOLDERS else []
    codes = {row[key] for row in rows for key in ("code", "slug", "sku") if key in row}
    return {code: f"{code}-{example.operation.method}-{example.operation.path.count('/')}" for code in codes}


@pytest.fixture
def reader(store: Any, server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """Somebody who has a key, and a picture on a server of their own."""
    monkeypatch.setenv("AMBRA_WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8")
    shelf = Shelf()
    shelf.files = {"/front.png": (200, {}, picture())}
    api = open_api(store, server.address, "Reader", modules=("manufacturing", "traceability"))
    opened = Reader(api)
    opened.names["$picture"] = f"{shelf.url}/front.png"
    yield opened
    api.client.close()
    shelf.stop()


class Sent(Exception):
    """What a program was to send."""

    def __init__(self, request: httpx.Request) -> None:
        super().__init__(str(request.url))
        self.request = request


def sent_by(code: str) -> httpx.Request:
    """The request of a program, which ends there."""
    try:
        exec(compile(code, "example", "exec"), {})
    except Sent as sent:
        return sent.request
    raise AssertionError(f"it sends nothing:\n{code}")


def test_every_curl_line_does_what_it_says_and_every_program_sends_the_same(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keep(request: httpx.Request) -> httpx.Response:
        raise Sent(request)

    own, transport = httpx.Client, httpx.MockTransport(keep)

    def made(**options: Any) -> httpx.Client:
        """The server fetches by a transport of its own, which it names."""
        return own(**{**options, "transport": options.get("transport") or transport})

    monkeypatch.setattr(httpx, "Client", made)
    monkeypatch.setenv("AMBRA_API_KEY", "a_key")
    clients = set()
    for example in reader.examples():
        if not is_of_sandbox(example):  # a second of its own: in the second tier
            reader.send(example)
        line, program = parsed(example.curl, {"AMBRA_API_KEY": "a_key"}), sent_by(example.python)
        name = example.operation.operation_id
        assert (program.method, str(program.url)) == (line["method"], BASE_URL + line["url"]), name
        assert program.headers["Authorization"] == "Bearer a_key"
        assert json.loads(program.content or "{}") == json.loads(line.get("content", "{}")), name
        assert ("Idempotency-Key" in line["headers"]) <= ("Idempotency-Key" in program.headers), name
        clients.add("ambrawms" if "ambrawms" in example.python else "httpx")
    assert not reader.faults, "\n\n".join(reader.faults)
    assert clients == {"ambrawms", "httpx"}


def quick_client() -> Any:
    """httpx's client with a TLS context that is made once: a context a client costs most of a program's time."""
    return partial(httpx.Client, verify=ssl.create_default_context())


@pytest.mark.long
def test_every_program_does_what_it_says(
    reader: Reader, server: LiveServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(httpx, "Client", quick_client())
    for example in reader.examples():
        monkeypatch.setenv("AMBRA_API_KEY", reader.key_for(example))
        reader.run(example, server.address)
    assert not reader.faults, "\n\n".join(reader.faults)
    assert len(capsys.readouterr().out.splitlines()) > 50


@pytest.mark.long
def test_every_curl_line_works_in_a_shell(reader: Reader, server: LiveServer) -> None:
    for example in reader.examples():
        line = example.curl.replace(BASE_URL, server.address) + " --silent --write-out '\\n%{http_code}'"
        environment = {"AMBRA_API_KEY": reader.key_for(example), "PATH": "/usr/bin:/bin"}
        script = f"uuidgen() {{ cat /proc/sys/kernel/random/uuid; }}\n{line}"
        done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=30)
        body, _, status = done.stdout.rpartition("\n")
        reader.judge(example, httpx.Response(int(status or 0), text=body))
    assert not reader.faults, "\n\n".join(reader.faults)


def blocks_of(page: str) -> tuple[list[str], list[str]]:
    """The curl lines and the programs of a page, as a reader copies them."""
    codes = re.findall(r"<pre[^>]*><code([^>]*)>(.*?)</code></pre>", page, re.DOTALL)
    texts = [(kind, unescape(re.sub(r"<[^>]+>", "", code))) for kind, code in codes]
    lines = [text for _, text in texts if text.startswith("curl ")]
    return lines, [text for kind, text in texts if 'data-language="python"' in kind]


def test_the_guide_to_keys_does_what_it_says(
    api: Api, server: LiveServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key = api.client.headers["Authorization"].removeprefix("Bearer ")
    monkeypatch.setenv("AMBRA_API_KEY", key)
    monkeypatch.setattr(httpx, "Client", quick_client())
    page = api.client.get("/docs/api/auth").text
    lines, programs = blocks_of(page)
    statuses = []
    for line in lines:
        answer = api.client.request(**parsed(line, {"AMBRA_API_KEY": key}))
        statuses.append(answer.status_code)
        for header in ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit-Policy"):
            assert header in answer.headers and header in page
    assert statuses == [201, 200, 201]
    for program in programs:
        exec(compile(program.replace(BASE_URL, server.address), "guide", "exec"), {})
    assert "works; ambra_live_" in capsys.readouterr().out and len(programs) == 2
    guide = api.client.get("/docs/api/webhooks").text
    webhook = api.client.request(**parsed(blocks_of(guide)[0][0], {"AMBRA_API_KEY": key}))
    assert webhook.status_code == 201, webhook.text
    known: dict[str, Any] = {}
    exec(next(program for program in blocks_of(guide)[1] if "def is_ours" in program), known)
    secret, body = webhook.json()["data"]["secret"], b'{"id": "evt_1"}'
    assert known["is_ours"](body, hex_signature(body, secret), secret)
    assert not known["is_ours"](body + b" ", hex_signature(body, secret), secret)
    scopes = {operation.scope for edition in find_editions() for operation in edition.operations} - {"admin"}
    assert {scope.partition(":")[0] for scope in scopes} <= set(re.findall(r"<code>([a-z_]+)</code>", page))
