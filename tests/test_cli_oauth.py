"""`ambra oauth`: programs registered, listed and removed from the command line."""

from __future__ import annotations

import pytest

from ambra_tui.cli import main
from ambra_tui.services import oauth
from ambra_tui.store import open_store

BACK = "https://shop.example.com/callback"


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_program_from_the_command_line(
    store_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMBRA_STORE", store_url)

    def run(*words: str) -> tuple[int, str, str]:
        code = main(list(words))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    assert run("organization", "create", "Acme")[0] == 0
    add = ("oauth", "client", "add", "--name", "Shop", "--scopes", "orders:read,products:write")
    code, told, _ = run(*add, "--redirect", BACK)
    words = told.split()
    assert code == 0 and words[2].startswith("client_") and words[4].startswith("ambra_ocs_")
    assert "no secret" in run(*add, "--redirect", "http://127.0.0.1/back", "--public")[1]
    assert run(*add, "--redirect", BACK, "--credentials")[0] == 0
    for wrong in (("--redirect", "http://shop.example.com/"), ("--public",), ("--plan", "gold")):
        assert run(*add, *wrong)[0] == 1, wrong
    listed = run("oauth", "client", "list")[1]
    assert len(listed.splitlines()) == 3 and words[4] not in listed
    assert f"{words[2]}  secret  standard      used never  orders:read,products:write  Shop  {BACK}" in listed
    assert run("oauth", "client", "remove", words[2])[1] == f"{words[2]} is removed.\n"
    assert run("oauth", "client", "remove", words[2])[0] == 1
    with open_store(store_url) as store, store.read(1) as session:
        assert [client.grant_types for client in oauth.list_clients(session)] == [
            list(oauth.GRANT_TYPES), [oauth.CODE, oauth.REFRESH],
        ]  # fmt: skip
