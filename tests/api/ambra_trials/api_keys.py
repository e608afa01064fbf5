"""Trials of API keys."""

from __future__ import annotations

from tests.api.conftest import Api
from tests.api.two_organizations import Names, Trial

PATH = "/api_keys"
NEW = {"name": "spare", "scopes": ["read"]}

TRIALS: dict[str, tuple[Trial, ...]] = {
    "listApiKeys": (Trial(PATH),),
    "createApiKey": (Trial(PATH, NEW),),
    "rotateApiKey": (Trial(f"{PATH}/$api_key/rotate", {"grace_seconds": 60}),),
    "revokeApiKey": (Trial(f"{PATH}/$spare_api_key"),),
}

NEUTRAL = "name scopes environment expires_at plan rate_limit edition allowed_ips grace_seconds"


def furnish(api: Api, mark: str, names: Names) -> None:
    """Two keys that nobody uses."""
    for name in ("api_key", "spare_api_key"):
        made = api.client.post(f"/v1{PATH}", json={**NEW, "name": mark})
        assert made.status_code == 201, made.text
        names[f"${name}"] = made.json()["data"]["id"]
