"""A live server whose store knows the key that the document prints, and the printed text itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from ambra_tui.services import access
from ambra_tui.services.access import principals
from ambra_tui.services.modules import MODULES
from ambra_tui.services.secrets import key_digest
from ambra_tui.store.models import ApiKey
from tests import factories
from tests.api.conftest import LiveServer, Loop

if TYPE_CHECKING:
    from ambra_tui.store import Store

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


class Acme:
    """An organization behind a live server that takes the printed key, and its stock."""

    def __init__(self, store: Store, organization_id: int, address: str) -> None:
        self.store, self.organization_id, self.address = store, organization_id, address

    def write(self, work: Callable[[Any], Any]) -> Any:
        return self.store.writer.run(work, organization_id=self.organization_id, actor=factories.TESTER)


@pytest.fixture
def acme(sqlite_store: Store, loop: Loop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Acme]:
    """Acme, where AMBRA_BASE_URL leads and nothing else is set."""
    public_part = principals.prefix_of
    monkeypatch.setattr(principals, "prefix_of", lambda text: PRINTED_KEYS.get(text) or public_part(text))
    live = LiveServer(sqlite_store, loop)
    monkeypatch.setenv("AMBRA_BASE_URL", live.address)
    monkeypatch.delenv("AMBRA_API_KEY", raising=False)
    organization = access.create_organization(sqlite_store, "Acme", MODULES)
    assert organization.id is not None
    for secret in PRINTED_KEYS:
        _let_in(sqlite_store, organization.id, secret)
    yield Acme(sqlite_store, organization.id, live.address)
    live.stop()


def _let_in(store: Store, organization_id: int, secret: str) -> None:
    """A key whose text is the document's: the server looks it up, compares and scopes it as any other."""
    key, _ = access.create_key(
        store, organization_id=organization_id, label="printed", scopes=["admin"], plan="enterprise",
        sandbox=secret.startswith("test_"),
    )  # fmt: skip

    def rewrite(session: Any) -> None:
        own = update(ApiKey).where(col(ApiKey.organization_id) == key.organization_id, col(ApiKey.id) == key.id)
        known = {"prefix": PRINTED_KEYS[secret], "digest": key_digest(session, secret)}
        session.connection().execute(own.values(known))

    store.writer.run(rewrite, organization_id=key.organization_id, actor=factories.TESTER)
