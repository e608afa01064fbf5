"""Trials of where keys may be used from."""

from __future__ import annotations

from tests.api.two_organizations import Trial

PATH = "/settings/network"

TRIALS: dict[str, tuple[Trial, ...]] = {
    "getNetworkSettings": (Trial(PATH),),
    "updateNetworkSettings": (Trial(PATH, {"allowed_ips": ["127.0.0.0/8"]}), Trial(PATH, {"allowed_ips": []})),
}
