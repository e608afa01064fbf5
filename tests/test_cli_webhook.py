"""`ambra webhook`: added, tested, looked after and removed from the command line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ambra_tui.cli import main
from ambra_tui.services import webhooks
from ambra_tui.store import open_store

URL = "https://receiver.invalid/hooks"


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_webhook_from_the_command_line(
    store_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMBRA_STORE", store_url)

    def run(*words: str) -> tuple[int, str, str]:
        code = main(list(words))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    webhook = _ran(run)
    assert run("organization", "create", "Acme")[0] == 0
    added = webhook("add", URL, "--events", "product.created,stock_level.low").split()
    assert added[0].startswith("whk_") and added[1] == "secret:" and added[2].startswith("whsec_")
    chosen = webhook("add", URL, "--events", "all", "--secret", "your_webhook_secret")
    assert webhooks.standard_secret("your_webhook_secret") in chosen
    listed = webhook("list")
    assert len(listed.splitlines()) == 2
    assert f"{added[0]}  active  ambra  {URL}  product.created,stock_level.low" in listed
    sent = webhook("test", added[0]).split()[0]
    assert f"{sent}  " in webhook("deliveries", added[0], "--status", "pending")
    again = webhook("redeliver", added[0], sent).split()[0]
    assert again != sent
    assert len(webhook("deliveries", added[0]).splitlines()) == 2
    assert webhook("rotate", added[0], "--overlap", "60").split()[1] != added[2]
    assert webhook("remove", added[0]) == f"{added[0]} is removed.\n"
    assert len(webhook("list").splitlines()) == 1
    assert webhook("list", "--sandbox") == ""
    for wrong in (
        ("add", URL, "--events", "order.created"),
        ("add", "http://127.0.0.1/", "--events", "all"),
        ("add", URL, "--events", "all", "--edition", "operations"),
        ("test", added[0]),
        ("deliveries", added[0]),
        ("redeliver", chosen.split()[0], "dlv_none"),
    ):
        code, out, err = run("webhook", *wrong)
        assert (code, out, len(err.splitlines())) == (1, "", 1), wrong
    with open_store(store_url) as store, store.read(1) as session:
        assert webhooks.list_webhooks(session)[1] == 1


def _ran(run: Callable[..., tuple[int, str, str]]) -> Callable[..., str]:
    def webhook(*words: str) -> str:
        code, out, err = run("webhook", *words)
        assert (code, err) == (0, ""), words
        return out

    return webhook
