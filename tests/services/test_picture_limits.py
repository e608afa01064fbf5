"""How large a picture may be, where it is looked at and while it is fetched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ambra_tui.errors import Invalid
from ambra_tui.services.images import fetching, looking
from ambra_tui.settings import WebhookSettings
from tests.api.pictures import Shelf, picture


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    shelf = Shelf()
    yield shelf
    shelf.stop()


def test_a_picture_of_too_many_bytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = picture()
    assert looking.looked_at(content).size_bytes == len(content)
    monkeypatch.setattr(looking, "MAX_BYTES", len(content) - 1)
    with pytest.raises(Invalid, match="larger than"):
        looking.looked_at(content)


@pytest.mark.parametrize(("name", "most"), [("MAX_PIXELS", 40 * 30 - 1), ("MAX_SIDE", 39), ("MAX_FRAMES", 0)])
def test_a_picture_that_would_be_too_much_to_draw_is_refused(
    name: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, name, most)
    with pytest.raises(Invalid, match="million pixels"):
        looking.looked_at(picture(size=(40, 30)))


def test_fetching_stops_at_the_limit_and_at_the_deadline(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that never ends costs neither memory nor time."""
    monkeypatch.setenv("AMBRA_WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8")
    allowed = WebhookSettings.from_environment().allowed_networks
    shelf.files = {"/long": (200, {}, b"x" * 5_000)}
    url = f"{shelf.url}/long"
    assert len(fetching.fetch(url, networks=allowed)) == 5_000
    monkeypatch.setattr(fetching, "MAX_BYTES", 4_999)
    with pytest.raises(Invalid, match="larger than"):
        fetching.fetch(url, networks=allowed)
    monkeypatch.setattr(fetching, "MAX_BYTES", 5_000)
    monkeypatch.setattr(fetching, "SECONDS", 0.0)
    with pytest.raises(Invalid):
        fetching.fetch(url, networks=allowed)
