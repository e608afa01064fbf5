"""Pictures of products: sent, fetched, served, kept with the store, swept when nothing shows them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ambra_tui.api.app import find_editions, make_app
from ambra_tui.api.events import renderer
from ambra_tui.cli import main
from ambra_tui.errors import Invalid
from ambra_tui.services import images
from ambra_tui.services.backup import back_up, restore
from ambra_tui.services.images import folder_of
from ambra_tui.services.webhooks import Happened
from ambra_tui.settings import SecuritySettings, WebhookSettings
from ambra_tui.store import open_store
from tests.api.commerce import Shop, fields_of
from tests.api.conftest import Api
from tests.api.pictures import Shelf, picture
from tests.api.test_https import PROXY, ask

LAMP = {"name": "Lamp", "sku": "LAMP", "price": 20}


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMBRA_IMAGES", str(tmp_path / "pictures"))


def ours(api: Api) -> str:
    """What whole addresses of the server begin with."""
    return str(api.client.base_url).rstrip("/")


@pytest.fixture
def shop(api: Api) -> Shop:
    return Shop(api)


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    monkeypatch.setenv("AMBRA_WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8")
    running = Shelf()
    yield running
    running.stop()


def test_a_picture_is_sent_served_listed_and_taken_away(shop: Shop, api: Api) -> None:
    lamp = shop.post("/products", LAMP)
    front, back = picture(), picture("JPEG", color="blue")
    raw = api.client.post("/v2/products/LAMP/images", content=front, headers={"Content-Type": "image/png"})
    assert raw.status_code == 201, raw.text
    first = raw.json()
    assert first == {
        "id": first["id"], "url": f"{ours(api)}/images/{hashlib.sha256(front).hexdigest()}.png", "alt": "", "width": 40,
        "height": 30, "content_type": "image/png", "size_bytes": len(front), "source_url": None,
        "created_at": first["created_at"],
    }  # fmt: skip
    form: dict[str, Any] = {"files": {"image": ("b.png", back, "image/png")}, "data": {"alt": "Rückseite"}}
    second = api.client.post(f"/v2/products/{lamp['id']}/images", **form).json()
    assert (second["alt"], second["content_type"]) == ("Rückseite", "image/jpeg")  # what it is, not what it is called
    assert shop.page("/products/LAMP/images")[0] == shop.get("/products/LAMP")["images"] == [first, second]
    served = api.client.get(first["url"], headers={"Authorization": ""})
    assert (served.status_code, served.content) == (200, front)
    assert served.headers["content-type"] == "image/png" and served.headers["x-content-type-options"] == "nosniff"
    assert served.headers["cache-control"] == "public, max-age=31536000, immutable"
    again = api.client.get(first["url"], headers={"If-None-Match": served.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert api.client.head(first["url"]).headers["content-length"] == str(len(front))
    for wrong in ("none", "0" * 64 + ".png", first["url"].rpartition("/")[2] + "x", "..%2F..%2Fstore.db"):
        assert api.client.get(f"/images/{wrong}").status_code == 404
    key = {"Idempotency-Key": "once", "Content-Type": "image/webp"}
    webp = picture("WEBP", color="green")
    sent = [api.client.post("/v2/products/LAMP/images", content=webp, headers=key) for _ in range(2)]
    assert sent[0].json() == sent[1].json() and sent[1].headers["idempotent-replayed"] == "true"
    assert api.client.post("/v2/products/LAMP/images", content=front, headers=key).status_code == 422
    shop.remove(f"/products/LAMP/images/{second['id']}")
    shop.refused(404, "not_found", "DELETE", f"/products/LAMP/images/{second['id']}")
    assert [row["id"] for row in shop.get("/products/LAMP")["images"]] == [first["id"], sent[0].json()["id"]]


def test_addresses_are_whole_as_the_server_is_known_to_who_asks(shop: Shop, api: Api) -> None:
    lamp = shop.post("/products", {**LAMP, "variants": [{"sku": "L-1"}]})
    form = {"files": {"image": ("a.png", picture(), "image/png")}}
    place = f"/v2/products/{lamp['id']}/images"
    api.client.post(place, **form, data={"variant_id": lamp["variants"][0]["id"]})
    path = api.client.post(place, **form).json()["url"].removeprefix(ours(api))
    bearer = api.client.headers["authorization"]

    def seen(app: Any, **headers: str) -> set[str]:
        shown = ask(app, "/v2/products/LAMP", Authorization=bearer, **headers).json()
        listed = ask(app, "/v2/products", Authorization=bearer, **headers).json()["data"][0]
        own = ask(app, place, Authorization=bearer, **headers).json()["data"]
        assert listed == shown and [row["url"] for row in own] == [shown["images"][0]["url"]] * 2
        return {shown["images"][0]["url"], shown["variants"][0]["image"]}

    behind = make_app(api.store, trusted_proxies=(PROXY,))
    assert seen(behind) == {f"http://api.example.com{path}"}
    assert seen(behind, X_Forwarded_Proto="https") == {f"https://api.example.com{path}"}
    assert seen(make_app(api.store), X_Forwarded_Proto="https") == {f"http://api.example.com{path}"}
    assert seen(behind, Host="a b") == {f"http://invalid{path}"}
    public = make_app(api.store, security=SecuritySettings(public_url="https://wms.example.com"))
    assert seen(public) == {f"https://wms.example.com{path}"}
    updated = Happened("evt_1", "product.updated", "product_updated", lamp["id"], {}, datetime.now(UTC), 1)
    for origin in ("https://wms.example.com", ""):
        with api.store.read(api.organization_id) as session:
            told = renderer(find_editions(), origin=origin)(session, "commerce", updated)
        assert told["images"][0]["url"] == told["variants"][0]["image"] == f"{origin}{path}"


def test_what_is_no_picture_is_refused(shop: Shop, api: Api) -> None:
    shop.post("/products", LAMP)

    def send(content: bytes, kind: str = "image/png") -> Any:
        return api.client.post("/v2/products/LAMP/images", content=content, headers={"Content-Type": kind})

    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    for content in (b"", b"GIF89a", picture()[:-20], svg, b"%PDF-1.4", picture("BMP"), b"\x00" * 5000):
        answer = send(content)
        assert answer.status_code == 422, (content[:10], answer.text)
        assert fields_of(answer.json()["error"]) == ["image"]
    bomb = BytesIO()
    Image.new("1", (17_000, 10)).save(bomb, "PNG")
    assert "million pixels" in send(bomb.getvalue()).json()["error"]["message"]
    assert send(b"x" * 11 * 1024 * 1024).status_code == 413
    boundary = "multipart/form-data; boundary=x"
    for form, kind in (
        (b"--x\r\n", boundary), (b"", "multipart/form-data"), (b"--x--\r\n", boundary),
        (b'--x\r\nContent-Disposition: form-data; name="alt"\r\n\r\nA\r\n--x--', boundary),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\nA\r\n--x--", boundary),
        (b'--x\r\nContent-Disposition: form-data; name="alt"\r\n\r\n\xff\r\n--x--', boundary),
    ):  # fmt: skip
        assert send(form, kind).status_code == 400, form
    for body, field in (({}, "url"), ({"url": "ftp://x/y.png"}, "url"), ({"url": "http://127.0.0.1:1/x"}, "url")):
        assert fields_of(shop.refused(422, "validation_error", "POST", "/products/LAMP/images", body)) == [field]
    assert shop.get("/products/LAMP")["images"] == []
    assert list(folder_of(api.store).glob("*/*")) == []


def test_pictures_are_fetched_from_their_addresses(shop: Shop, api: Api, shelf: Shelf) -> None:
    front, back = picture(), picture("GIF", color="blue")
    shelf.files = {
        "/front.png": (200, {}, front),
        "/old": (302, {"Location": "/back.gif"}, b""),
        "/back.gif": (200, {}, back),
    }
    rows = [{"sku": "L-1", "image": f"{shelf.url}/old"}, {"sku": "L-2"}]
    urls = [f"{shelf.url}/front.png", {"url": f"{shelf.url}/old", "alt": "Back"}]
    lamp = shop.post("/products", {**LAMP, "images": urls, "variants": rows})
    assert [(row["source_url"], row["alt"], row["content_type"]) for row in lamp["images"]] == [
        (f"{shelf.url}/front.png", "", "image/png"), (f"{shelf.url}/old", "Back", "image/gif"),
    ]  # fmt: skip
    assert [row["image"] for row in lamp["variants"]] == [lamp["images"][1]["url"], None]
    assert api.client.get(lamp["variants"][0]["image"]).content == back
    assert len(shelf.asked) == 3  # one address is fetched once
    # A product as it was answered changes nothing and fetches nothing; what is left out goes.
    assert shop.put("/products/LAMP", lamp) == lamp and len(shelf.asked) == 3
    first, second = lamp["images"]
    as_path = first["url"].removeprefix(ours(api))
    assert as_path.startswith("/images/") and shop.put("/products/LAMP", {"images": [as_path, second]}) == lamp
    turned = shop.put("/products/LAMP", {"images": [{"id": second["id"]}, {"id": first["id"], "alt": "Front"}]})
    assert [(row["id"], row["alt"]) for row in turned["images"]] == [(second["id"], "Back"), (first["id"], "Front")]
    fewer = shop.put("/products/LAMP", {"images": [second["url"]], "variants": [{"sku": "L-1", "image": None}]})
    assert [row["id"] for row in fewer["images"]] == [second["id"]] and fewer["variants"][0]["image"] is None
    made = shop.post(
        "/products/LAMP/images", {"url": f"{shelf.url}/front.png", "variant_id": fewer["variants"][0]["id"]}
    )
    assert shop.get("/products/LAMP")["variants"][0]["image"] == made["url"] == first["url"]
    shelf.files |= {"/loop": (301, {"Location": "/loop"}, b""), "/text": (200, {}, b"hello"), "/gone": (410, {}, b"")}
    shelf.files["/away"] = (302, {"Location": "http://169.254.169.254/latest"}, b"")
    for path, told in (
        ("/loop", "redirects"),
        ("/text", "no whole picture"),
        ("/gone", "answered 410"),
        ("/away", "reach"),
    ):
        body = {**LAMP, "sku": "NEW", "images": [f"{shelf.url}{path}"]}
        error = shop.refused(422, "validation_error", "POST", "/products", body)
        assert fields_of(error) == ["images.0.url"] and told in error["message"], error
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"images": [{"alt": "x"}]}, "images.0.url"), ({"images": [{"id": "img_no"}]}, "images.0.id"),
        ({"images": ["/images/none.png"]}, "images.0.url"),
        ({"images": [f"{ours(api)}/images/no.png"]}, "images.0.url"),
        ({"images": ["//images/none.png"]}, "images.0.url"),
        ({"variants": [{"image": "/images/x"}]}, "variants.0.image"),
        ({"images": [f"{shelf.url}/{number}" for number in range(21)]}, "images"),
    ]  # fmt: skip
    for body, field in wrong:
        assert fields_of(shop.refused(422, "validation_error", "PUT", "/products/LAMP", body)) == [field]
    shop.refused(404, "not_found", "GET", "/products/NEW")


def test_a_name_is_judged_by_every_address_and_reached_by_one_of_them(shelf: Shelf) -> None:
    shelf.files = {"/a.png": (200, {}, picture())}
    url = shelf.url.replace("127.0.0.1", "pictures.example") + "/a.png"
    networks = WebhookSettings.from_environment().allowed_networks
    content = images.fetch(url, networks=networks, resolve=lambda *_: ["127.0.0.1"])
    assert content == picture() and shelf.asked == [("/a.png", url.split("/")[2])]
    for addresses in (["10.0.0.1"], ["127.0.0.1", "169.254.169.254"], []):
        with pytest.raises(Invalid):
            images.fetch(url, networks=networks, resolve=lambda *_, found=addresses: found)
    assert len(shelf.asked) == 1


def test_pictures_go_with_a_backup_and_leave_with_the_last_that_shows_them(
    shop: Shop, api: Api, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.post("/products", LAMP)
    kept, gone = picture(), picture(color="blue")
    ids = []
    for content in (kept, gone):
        answer = api.client.post("/v2/products/LAMP/images", content=content, headers={"Content-Type": "image/png"})
        ids.append(answer.json()["id"])
    shop.remove(f"/products/LAMP/images/{ids[1]}")
    folder = folder_of(api.store)
    assert (folder.name == "ambra.db.images") is (api.store.path is not None)
    assert images.sweep(api.store) == 0 and len(list(folder.glob("*/*"))) == 2  # young ones may be on their way
    target = tmp_path / "ambra.backup"
    back_up(api.store, target)
    for path in folder.glob("*/*"):
        os.utime(path, (1, 1))
    main(["--store", api.store.url, "verify", "--repair"])
    assert "removed pictures that nothing shows: 1" in capsys.readouterr().out
    assert [path.read_bytes() for path in folder.glob("*/*")] == [kept]
    url = f"sqlite:///{tmp_path / 'other' / 'ambra.db'}"
    restore(url, target)
    with open_store(url) as store:
        digest = hashlib.sha256(kept).hexdigest()
        assert images.read(store, f"{digest}.png") == kept
        assert images.read(store, f"{hashlib.sha256(gone).hexdigest()}.png") is None
        with store.read_system() as session:
            names = session.connection().exec_driver_sql("SELECT name FROM sqlite_master").scalars().all()
            assert "image_file" not in names
