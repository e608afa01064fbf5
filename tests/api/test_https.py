"""HTTPS: spoken by the server itself or brought by a trusted proxy, asked for where the settings say so."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from requests_oauthlib import OAuth2Session

from ambra_tui.api.app import make_app
from ambra_tui.api.server import ServeOptions, is_loopback, known_as, tls_context
from ambra_tui.errors import Invalid
from ambra_tui.services import access, oauth
from ambra_tui.settings import SecuritySettings, TlsSettings
from ambra_tui.store import Store, open_store
from tests.server_process import ServerProcess

PROXY = "203.0.113.7"
ASKED = SecuritySettings(require_https=True)


def certificate(folder: Path) -> tuple[str, str]:
    """A certificate for 127.0.0.1 that is thrown away with the test, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return str(files[0]), str(files[1])


def ask(app: Any, path: str, client: str = PROXY, **headers: str) -> httpx.Response:
    async def work() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(client, 5))
        async with httpx.AsyncClient(transport=transport, base_url="http://api.example.com") as asking:
            return await asking.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return asyncio.run(work())


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_plain_http_is_refused_where_the_settings_ask_for_https(store: Store) -> None:
    organization = access.create_organization(store, "Acme")
    _, key = access.create_key(store, organization_id=organization.id or 0, label="k", scopes=["admin"])
    bearer = f"Bearer {key}"
    app = make_app(store, security=ASKED, trusted_proxies=(PROXY,), is_loopback=False)
    for path in ("/v1/products", "/api/v1/suppliers", "/oauth/authorize", "/v2/products", "/nowhere"):
        answer = ask(app, path, "198.51.100.1", Authorization=bearer)
        assert answer.status_code == 403 and "location" not in answer.headers and answer.headers["x-request-id"]
        assert "HTTPS is required" in answer.text and "x-ratelimit-limit" not in answer.headers, path
    assert ask(app, "/v1/products", "198.51.100.1").json()["error"]["code"] == "HTTPS_REQUIRED"
    assert ask(app, "/v2/products", "198.51.100.1").json()["error"]["code"] == "authorization_error"
    assert ask(app, "/healthz", "198.51.100.1").status_code == 200
    stranger = ask(app, "/v1/products", "198.51.100.1", Authorization=bearer, X_Forwarded_Proto="https")
    assert stranger.status_code == 403
    for told, status in (("https", 200), ("http", 403), ("https, http", 403), ("HTTPS", 200)):
        answer = ask(app, "/v1/products", Authorization=bearer, X_Forwarded_Proto=told)
        assert answer.status_code == status, told
        assert ("strict-transport-security" in answer.headers) == (status == 200), told
    local = make_app(store, security=ASKED, trusted_proxies=("127.0.0.1",), is_loopback=True)
    assert ask(local, "/v1/products", "127.0.0.2", Authorization=bearer).status_code == 200
    assert ask(local, "/v1/products", "127.0.0.1", Authorization=bearer, X_Forwarded_Proto="http").status_code == 403
    asked = ask(make_app(store), "/v1/products", Authorization=bearer)
    assert asked.status_code == 200 and "strict-transport-security" not in asked.headers
    known = make_app(store, security=SecuritySettings(public_url="https://api.example.com/x".removesuffix("/x")))
    assert ask(known, "/.well-known/oauth-authorization-server").json()["issuer"] == "https://api.example.com"


def test_the_server_speaks_tls_by_itself(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    files = certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", files[0])
    with open_store(sqlite_url) as store:
        organization = access.create_organization(store, "Acme")
        assert organization.id is not None
        client, secret = oauth.create_client(
            store, oauth.NewClient("Machine", scopes=["inventory:read"]), organization_id=organization.id
        )
    options = ("--tls-certificate", files[0], "--tls-key", files[1], "--tls-minimum", "1.3", "--require-https")
    with ServerProcess.start(sqlite_url, *options) as server:
        assert server.address.startswith("https://127.0.0.1:")
        from oauthlib.oauth2 import BackendApplicationClient

        with OAuth2Session(client=BackendApplicationClient(client.id)) as session:
            session.fetch_token(f"{server.address}/oauth/token", client_id=client.id, client_secret=secret)
            answer = session.get(f"{server.address}/api/v1/inventory_levels")
        assert answer.status_code == 200 and "max-age" in answer.headers["strict-transport-security"]
        old = ssl.create_default_context(cafile=files[0])
        assert httpx.get(f"{server.address}/healthz", verify=old).status_code == 200
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.address}/healthz", verify=old)
        with pytest.raises(httpx.HTTPError):
            httpx.get(server.address.replace("https", "http") + "/healthz")


def test_notices_name_the_server_as_it_is_known() -> None:
    public = SecuritySettings(public_url="https://api.example.com")
    for host, security, told in (
        ("127.0.0.1", None, "http://x:1"), ("10.0.0.5", SecuritySettings(), "http://x:1"),
        ("wms.local", None, "http://x:1"),
        ("0.0.0.0", None, ""), ("::", None, ""), ("", None, ""), ("0.0.0.0", public, "https://api.example.com"),
    ):  # fmt: skip
        assert known_as(ServeOptions(host=host, security=security), "http://x:1") == told, host


def test_settings_of_tls_are_judged_before_anything_is_served(tmp_path: Path) -> None:
    files = certificate(tmp_path)
    assert TlsSettings.from_environment({}) is None
    given = TlsSettings.from_environment({"AMBRA_TLS_CERTIFICATE": files[0], "AMBRA_TLS_KEY": files[1]})
    assert given == TlsSettings(*files) and tls_context(given).minimum_version == ssl.TLSVersion.TLSv1_2
    for wrong in ({"AMBRA_TLS_KEY": "key.pem"}, {"AMBRA_TLS_CERTIFICATE": "a"}, {"AMBRA_TLS_MINIMUM": "1.0"}):
        with pytest.raises(Invalid):
            TlsSettings.from_environment(wrong)
    for pair in ((files[1], files[0]), (files[0], str(tmp_path / "none.pem"))):
        with pytest.raises(Invalid, match="for TLS"):
            tls_context(TlsSettings(*pair))
    on = SecuritySettings.from_environment({"AMBRA_REQUIRE_HTTPS": "1", "AMBRA_PUBLIC_URL": "https://a.example/"})
    assert on == SecuritySettings(require_https=True, public_url="https://a.example")
    for wrong in (
        {"AMBRA_REQUIRE_HTTPS": "maybe"},
        {"AMBRA_PUBLIC_URL": "a.example"},
        {"AMBRA_PUBLIC_URL": "https://a/b"},
    ):
        with pytest.raises(Invalid):
            SecuritySettings.from_environment(wrong)
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "example.com")] == [
        True, True, True, False, False,
    ]  # fmt: skip
