"""A picture a label, in black and white, a pixel a dot of the printer.

Example::

    FORMAT.write([drawing], stock)[:4]      # b'\\x89PNG'
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from ambra_tui.labels.draw import raster
from ambra_tui.labels.formats import Format
from ambra_tui.labels.layout import Drawing
from ambra_tui.labels.stock import Stock


def write(drawings: Sequence[Drawing], stock: Stock) -> bytes:
    """The first drawing as a PNG that knows its own size."""
    file = BytesIO()
    raster(drawings[0]).save(file, "PNG", dpi=(drawings[0].dpi, drawings[0].dpi))
    return file.getvalue()


FORMAT = Format("png", holds_many=False, write=write)
