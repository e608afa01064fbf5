"""From a label to its picture, and the proof that a scanner reads from the picture what the label was to say.

Example::

    drawing = draw_checked(label, stock_named("100x50"), dpi=203)
    raster(drawing).save("label.png")
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ambra_tui.errors import Invalid
from ambra_tui.labels.fonts import loaded
from ambra_tui.labels.layout import Bars, Cells, Drawing, Line, Words, lay_out
from ambra_tui.labels.model import Code, Label, Symbology
from ambra_tui.labels.stock import Stock

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS: dict[Symbology, str] = {
    "code128": "Code128",
    "gs1_128": "Code128",
    "ean13": "EAN13",
    "ean8": "EAN8",
    "upca": "UPCA",
    "itf14": "ITF",
    "datamatrix": "DataMatrix",
    "gs1_datamatrix": "DataMatrix",
    "qr": "QRCode",
}
_IDENTIFIERS: dict[Symbology, str] = {"gs1_128": "]C1", "gs1_datamatrix": "]d2"}


class Undecodable(Invalid):
    """The picture of a label does not say what the label was to say: it must not leave."""


def draw_checked(label: Label, stock: Stock, *, dpi: int, font: Path | None = None) -> Drawing:
    """The label laid out on `stock`, after its picture was read back. Raises Invalid, Undecodable among it."""
    drawing = lay_out(label, stock, dpi=dpi, font=font)
    check(drawing)
    return drawing


def raster(drawing: Drawing) -> Image:
    """The label in black and white, a pixel a dot."""
    from PIL import Image, ImageDraw

    image = Image.new("L", (drawing.width, drawing.height), 255)
    pen = ImageDraw.Draw(image)
    for mark in drawing.marks:
        if isinstance(mark, Bars):
            for left, width in mark.runs():
                pen.rectangle((left, mark.y, left + width - 1, mark.y + mark.height - 1), fill=0)
        elif isinstance(mark, Cells):
            for left, top, width in mark.runs():
                pen.rectangle((left, top, left + width - 1, top + mark.module - 1), fill=0)
        elif isinstance(mark, Line):
            pen.rectangle((mark.x, mark.y, mark.x + mark.width - 1, mark.y + mark.height - 1), fill=0)
        elif isinstance(mark, Words):
            font = loaded(mark.setting.path, mark.size)
            pen.text((mark.x, mark.baseline), mark.setting.text, font=font, fill=0, anchor="ls")
        else:
            pen.polygon(mark.points, fill=0)
    return image.point(lambda value: 255 if value >= 128 else 0).convert("1")


def check(drawing: Drawing) -> None:
    """Raises Undecodable, naming the label, when a scanner would not read every code of it as it was meant."""
    codes = [mark.code for mark in drawing.marks if isinstance(mark, Bars | Cells)]
    read = read_codes(raster(drawing), codes)
    for code in codes:
        # A UPC-A is an EAN-13 that begins with 0, and is read as one.
        text = f"0{code.text}" if code.symbology == "upca" else code.text
        if (_IDENTIFIERS.get(code.symbology, ""), text) not in read:
            raise Undecodable(f"The label '{drawing.label.name}' is not printed: '{code.text}' cannot be read from it.")


def read_codes(image: Image, codes: list[Code]) -> set[tuple[str, str]]:
    """What zxing-cpp reads: for GS1 symbols their identifier, else an empty text, and the text."""
    import zxingcpp

    wanted: Any = tuple({getattr(zxingcpp.BarcodeFormat, _FORMATS[code.symbology]) for code in codes})
    found = zxingcpp.read_barcodes(image.convert("L"), formats=wanted, text_mode=zxingcpp.TextMode.Plain)
    gs1 = set(_IDENTIFIERS.values())
    return {
        (read.symbology_identifier if read.symbology_identifier in gs1 else "", read.text)
        for read in found
        if read.valid
    }
