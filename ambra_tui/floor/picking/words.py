"""Refusals of the services as verdicts, and names of places.

Example::

    with told():
        picking.check_tote(desk.session, order, tote)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ambra_tui.errors import Stale
from ambra_tui.floor.conversation import Refusal
from ambra_tui.floor.desk import Desk
from ambra_tui.services import claims, orders, picking
from ambra_tui.store.models import Location


@contextmanager
def told() -> Iterator[None]:
    """Refusals of the services as verdicts."""
    try:
        yield
    except picking.ToteTaken as error:
        raise Refusal("E05", found=error.location.code, document=error.document or "?") from error
    except picking.EarlierLotFirst as error:
        raise Refusal("E12", expected=error.lot.lot_number, bin=error.location.code) from error
    except orders.HeldStock as error:
        code = "E76" if error.is_recalled else "E16" if error.lot_number else "E17"
        raise Refusal(code, lot=error.lot_number, bin=error.location_code) from error
    except claims.Taken as taken:
        raise Refusal("E30", badge=taken.holder.name[:11], found=taken.holder.name) from taken
    except Stale as error:
        raise Refusal("E41") from error


def place_name(desk: Desk, location: Location) -> str:
    """A location's code; of another site its whole barcode."""
    return location.code if location.site_id == desk.site.id else location.barcode
