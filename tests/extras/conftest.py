"""Questions over the sample store, for the extras. Run with them installed: ``pip install -e ".[dev,llm,mcp]"``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ambra_tui.store import Store
from tests.samples import open_ds1


@pytest.fixture
def dialect() -> str:
    """What an extra adds does not lie in the database."""
    return "sqlite"


@pytest.fixture
def asked(store_url: str) -> Iterator[tuple[Store, int]]:
    """The sample ds1 and the id of its organization."""
    store, organization_id = open_ds1(store_url)
    yield store, organization_id
    store.close()
