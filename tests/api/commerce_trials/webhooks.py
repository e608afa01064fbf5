"""Trials of webhooks."""

from __future__ import annotations

from tests.api.conftest import Api
from tests.api.two_organizations import Names, Trial

PATH = "/webhooks"
NEW = {"url": "https://receiver.invalid/shop", "events": ["order.created"], "secret": "your_webhook_secret"}

TRIALS: dict[str, tuple[Trial, ...]] = {
    "listWebhooks": (Trial(PATH), Trial(PATH, query={"cursor": ""})),
    "createWebhook": (Trial(PATH, NEW),),
    "getWebhook": (Trial(f"{PATH}/$shop_webhook"),),
    "updateWebhook": (Trial(f"{PATH}/$shop_webhook", {"events": ["inventory.low"], "active": True}),),
    "testWebhook": (Trial(f"{PATH}/$shop_webhook/test", {}),),
    "listWebhookDeliveries": (Trial(f"{PATH}/$shop_webhook/deliveries"),),
    "getWebhookDelivery": (Trial(f"{PATH}/$shop_webhook/deliveries/$shop_delivery"),),
    "redeliverWebhook": (Trial(f"{PATH}/$shop_webhook/deliveries/$shop_delivery/redeliver", {}),),
    "deleteWebhook": (Trial(f"{PATH}/$spare_shop_webhook"),),
}

NEUTRAL = "rotate_secret"


def furnish(api: Api, mark: str, names: Names) -> None:
    """Two receivers, one of them with something to be sent."""
    for name in ("shop_webhook", "spare_shop_webhook"):
        made = api.client.post("/v2/webhooks", json={**NEW, "url": f"{NEW['url']}?of={mark}"})
        assert made.status_code == 201, made.text
        names[f"${name}"] = made.json()["id"]
    names["$shop_delivery"] = api.client.post(f"/v2/webhooks/{names['$shop_webhook']}/test", json={}).json()["id"]
