"""The list of addresses of a whole organization: chosen by administrators, held at once, never against its sender."""

from __future__ import annotations

from ambra_tui.services import access
from tests.api.conftest import Api, client_for
from tests.api.oauth import program

PATH = "/v2/settings/network"


def test_an_organization_is_used_from_its_own_addresses_alone(api: Api) -> None:
    assert api.client.get(PATH).json() == {"allowed_ips": []}
    lockout = api.client.put(PATH, json={"allowed_ips": ["203.0.113.0/24"]})
    assert lockout.status_code == 422 and "lock you out" in lockout.json()["error"]["message"]
    for wrong in ({"allowed_ips": ["everywhere"]}, {"allowed_ips": "127.0.0.1"}, {}, {"allowed_ips": ["1.2.3.4/99"]}):
        assert api.client.put(PATH, json=wrong).status_code == 422, wrong
    shop = program(api, redirect_uris=[], scopes=["read"])
    token = shop.token(grant_type="client_credentials").json()["access_token"]
    writer = client_for(api.store, str(api.client.base_url), api.organization_id, ["read", "write", "delete"])
    assert writer.get(PATH).status_code == writer.put(PATH, json={"allowed_ips": []}).status_code == 403
    writer.close()
    chosen = api.client.put(PATH, json={"allowed_ips": ["127.0.0.1/8", "2001:db8::1"]})
    assert chosen.status_code == 200 and chosen.json() == {"allowed_ips": ["127.0.0.0/8", "2001:db8::1/128"]}
    bearer = {"Authorization": f"Bearer {token}"}
    assert api.client.get("/v2/products", headers=bearer).status_code == 200
    api.write(lambda session: access.set_allowed_networks(session, ["203.0.113.0/24"]))
    assert api.client.get("/v2/products").status_code == 403
    refused = api.client.get("/v2/products", headers=bearer)
    assert refused.status_code == 403 and refused.json()["error"]["code"] == "authorization_error"
    assert shop.token(grant_type="client_credentials").json()["error"] == "unauthorized_client"
