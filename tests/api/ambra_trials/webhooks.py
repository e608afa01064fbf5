"""Trials of webhooks."""

from __future__ import annotations

from tests.api.conftest import Api
from tests.api.two_organizations import Names, Trial

PATH = "/webhooks"
NEW = {"url": "https://receiver.invalid/hooks", "events": ["product.created"]}

TRIALS: dict[str, tuple[Trial, ...]] = {
    "listWebhooks": (Trial(PATH),),
    "createWebhook": (Trial(PATH, {**NEW, "secret": "your_webhook_secret"}),),
    "getWebhook": (Trial(f"{PATH}/$webhook"),),
    "updateWebhook": (Trial(f"{PATH}/$webhook", {"events": ["stock_level.low"], "active": True}),),
    "rotateWebhookSecret": (Trial(f"{PATH}/$webhook/rotate_secret", {"overlap_seconds": 60}),),
    "testWebhook": (Trial(f"{PATH}/$webhook/test", {}),),
    "listWebhookDeliveries": (Trial(f"{PATH}/$webhook/deliveries"),),
    "getWebhookDelivery": (Trial(f"{PATH}/$webhook/deliveries/$delivery"),),
    "redeliverWebhook": (Trial(f"{PATH}/$webhook/deliveries/$delivery/redeliver", {}),),
    "deleteWebhook": (Trial(f"{PATH}/$spare_webhook"),),
}

NEUTRAL = "url events secret active overlap_seconds"


def furnish(api: Api, mark: str, names: Names) -> None:
    """Two receivers, one of them with something to be sent."""
    for name in ("webhook", "spare_webhook"):
        made = api.client.post("/v1/webhooks", json={**NEW, "url": f"{NEW['url']}?of={mark}"})
        assert made.status_code == 201, made.text
        names[f"${name}"] = made.json()["data"]["id"]
    sent = api.client.post(f"/v1/webhooks/{names['$webhook']}/test", json={})
    names["$delivery"] = sent.json()["data"]["id"]
