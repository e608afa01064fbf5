"""`ambra customer`: one person's data from the command line."""

from __future__ import annotations

import json

import pytest

from ambra_tui.cli import main
from ambra_tui.services import customers
from ambra_tui.store import open_store
from tests import factories


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_customer_is_given_out_and_erased(
    store_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --yes nothing is erased; afterwards the file holds no word of theirs."""
    monkeypatch.setenv("AMBRA_STORE", store_url)

    def run(*words: str) -> tuple[int, str, str]:
        code = main(list(words))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    assert run("organization", "create", "Acme")[0] == 0
    with open_store(store_url) as store:
        made = store.writer.run(
            lambda s: customers.create_customer(s, email="jane@quibblefax.example", first_name="Xanthippe").id,
            organization_id=1, actor=factories.TESTER,
        )  # fmt: skip
    code, out, _ = run("customer", "export", "Jane@quibblefax.example")
    assert code == 0 and json.loads(out)["customer"]["first_name"] == "Xanthippe"
    code, out, _ = run("customer", "erase", made)
    assert code == 0 and out.endswith(f"{made} would be erased. Run it again with --yes.\n")
    code, out, _ = run("customer", "erase", "jane@quibblefax.example", "--yes")
    assert code == 0 and out.endswith(f"{made} is erased. Backups from before still hold them.\n")
    with open_store(store_url) as store:
        assert store.path is not None
        assert b"Xanthippe" not in store.path.read_bytes()
        acts = customers.export_customer
        with store.read(1) as session:
            assert [row["act"] for row in acts(session, made)["history"]] == [
                "customer_created", "customer_exported", "customer_erased",
            ]  # fmt: skip
    assert run("customer", "compact") == (0, "The store's file is written anew.\n", "")
    for wrong in (("export", "cust_none"), ("erase", "nobody@example.com"), ("erase", made[:-1])):
        code, out, err = run("customer", *wrong)
        assert (code, out, len(err.splitlines())) == (1, "", 1), wrong
