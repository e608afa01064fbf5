"""A live server whose store knows the key that the document prints, and the printed text itself."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import Session, col

from ambra_tui.api.app import find_editions
from ambra_tui.kit.ids import new_id
from ambra_tui.services import access
from ambra_tui.services.access import principals
from ambra_tui.services.modules import MODULES
from ambra_tui.services.secrets import key_digest
from ambra_tui.services.webhooks.fan_out import FanOut
from ambra_tui.services.webhooks.sender import Sender
from ambra_tui.store import Store, open_store
from ambra_tui.store.models import ApiKey
from tests import factories
from tests.api.conftest import LiveServer, Loop

PRINTED = Path(__file__).with_name("printed.txt")
PRINTED_KEYS = {"YOUR_API_KEY": "YOUR_API", "test_YOUR_API_KEY": "test_YOUR_API"}
"""The placeholders of the document, with what stands for their public part."""


def code_of(page: Path, language: str) -> list[str]:
    """The blocks of code of one language on a page, as they stand there."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    """The loop that serves every test."""
    running = Loop()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def live(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, loop: Loop) -> Iterator[tuple[Store, str]]:
    """A store and the address of its server, for all tests here; every test has an organization of its own."""
    path = tmp_path_factory.mktemp("sdk") / "ambra.db"
    shutil.copyfile(sqlite_template, path)
    with open_store(f"sqlite:///{path}") as store:
        server = LiveServer(store, loop)
        yield store, server.address
        server.stop()


class Acme:
    """An organization behind a live server that takes the printed key."""

    def __init__(self, store: Store, organization_id: int, address: str) -> None:
        self.store, self.organization_id, self.address = store, organization_id, address
        self._let_in: list[str] = []

    def let_in(self, secret: str) -> None:
        """A key whose text is the document's: the server looks it up, compares and scopes it as any other."""
        key, _ = access.create_key(
            self.store, organization_id=self.organization_id, label="printed", scopes=["admin"], plan="enterprise",
            sandbox=secret.startswith("test_"),
        )  # fmt: skip
        self._rewrite(key.organization_id, key.id, prefix=PRINTED_KEYS[secret], secret=secret)
        self._let_in.append(secret)

    def close(self) -> None:
        """Frees the printed keys for the next organization."""
        for secret in self._let_in:
            holder = access.key_for(self.store, secret)
            self._rewrite(holder.organization_id, holder.key_id, prefix=new_id("gone"), secret="")

    def _rewrite(self, organization_id: int, key_id: str, *, prefix: str, secret: str) -> None:
        def work(session: Session) -> None:
            own = update(ApiKey).where(col(ApiKey.organization_id) == organization_id, col(ApiKey.id) == key_id)
            session.connection().execute(own.values(prefix=prefix, digest=key_digest(session, secret)))

        self.store.writer.run(work, organization_id=organization_id, actor=factories.TESTER)

    def deliver(self) -> None:
        """Sends the webhooks that are due, as a server's worker does."""
        shown = {edition.name: edition.object_of for edition in find_editions() if edition.object_of}
        fan_out = FanOut(self.store, lambda session, edition, event: shown[edition](session, event))
        while fan_out.run_once():
            pass
        asyncio.run(Sender(self.store).drain())


@pytest.fixture
def acme(live: tuple[Store, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Acme]:
    """Acme, which takes the printed key; AMBRA_BASE_URL leads there and nothing else is set."""
    store, address = live
    public_part = principals.prefix_of
    monkeypatch.setattr(principals, "prefix_of", lambda text: PRINTED_KEYS.get(text) or public_part(text))
    monkeypatch.setenv("AMBRA_BASE_URL", address)
    monkeypatch.delenv("AMBRA_API_KEY", raising=False)
    organization = access.create_organization(store, new_id("acme"), MODULES)
    assert organization.id is not None
    opened = Acme(store, organization.id, address)
    opened.let_in("YOUR_API_KEY")
    yield opened
    opened.close()
