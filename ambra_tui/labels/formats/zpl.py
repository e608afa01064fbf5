"""The language of Zebra printers and those that understand it: the printer draws the codes itself.

Names are data here, never commands: whatever ZPL gives a meaning to is written as its number (``^FH``).

Example::

    FORMAT.write([drawing], stock).startswith(b"^XA")      # True
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from ambra_tui.labels.fonts import ASCENT, loaded
from ambra_tui.labels.formats import Format
from ambra_tui.labels.layout import Bars, Cells, Drawing, Line, Mark, Triangle, Words
from ambra_tui.labels.model import Code
from ambra_tui.labels.stock import Stock
from ambra_tui.labels.symbols import ITF_NARROW, ITF_WIDE
from ambra_tui.scan.model import GS

HEX = "\\"  # the sign that ^FH reads a number behind; the underscore means something in ^BX
SQUARE_ESCAPE = "_"
_FNC1 = ">8"
_INVOKED = {">": ">0", "^": "><", "~": ">=", GS: _FNC1}  # the names that ^BC has for them
_WITHOUT_CHECK_DIGIT = {"ean13": "E", "ean8": "8", "upca": "U"}


def write(drawings: Sequence[Drawing], stock: Stock) -> bytes:
    """One format (``^XA`` to ``^XZ``) a label, one after the other; the same label again is a copy (``^PQ``)."""
    return "".join(_label(drawing, len(list(copies))) for drawing, copies in groupby(drawings)).encode()


def _label(drawing: Drawing, copies: int) -> str:
    fields = "\n".join(_field(mark) for mark in drawing.marks)
    head = f"^XA\n^CI28\n^PW{drawing.width}\n^LL{drawing.height}\n^LH0,0"
    return f"{head}\n{fields}\n^PQ{copies}\n^XZ\n"


def _field(mark: Mark) -> str:
    if isinstance(mark, Bars):
        return _bars(mark)
    if isinstance(mark, Cells):
        return _squares(mark)
    if isinstance(mark, Line):
        return f"^FO{mark.x},{mark.y}^GB{mark.width},{mark.height},{mark.height}^FS"
    return _words(mark) if isinstance(mark, Words) else _triangle(mark)


def field_data(text: str) -> str:
    """`text` as it stands in ``^FD``: everything but plain letters that mean nothing to a printer is a number."""
    harmless = (" " <= character <= "~" and character not in f"^~{HEX}" for character in text)
    return "".join(
        character if is_plain else "".join(f"{HEX}{byte:02X}" for byte in character.encode())
        for character, is_plain in zip(text, harmless, strict=True)
    )


def _data(text: str) -> str:
    return f"^FH{HEX}^FD{field_data(text)}^FS"


def _bars(mark: Bars) -> str:
    code, place = mark.code, f"^FO{mark.x},{mark.y}"
    if code.symbology in _WITHOUT_CHECK_DIGIT:
        command = f"^B{_WITHOUT_CHECK_DIGIT[code.symbology]}N,{mark.height},N,N"
        return f"{place}^BY{mark.module}{command}{_data(code.text[:-1])}"
    if code.symbology == "itf14":
        ratio = ITF_WIDE / ITF_NARROW
        return f"{place}^BY{mark.module * ITF_NARROW},{ratio:g}^B2N,{mark.height},N,N,N{_data(code.text)}"
    return f"{place}^BY{mark.module}^BCN,{mark.height},N,N,N,A{_data(_code_128(code))}"


def _code_128(code: Code) -> str:
    """The text with the printer's own signs for what it would not take as it stands."""
    data = "".join(_INVOKED.get(character, character) for character in code.text)
    return _FNC1 + data if code.symbology == "gs1_128" else data


def _squares(mark: Cells) -> str:
    code, place = mark.code, f"^FO{mark.x},{mark.y}"
    if code.symbology == "qr":
        return f"{place}^BQN,2,{mark.module}{_data('MA,' + code.text)}"
    data = code.text.replace(SQUARE_ESCAPE, SQUARE_ESCAPE * 2).replace(GS, f"{SQUARE_ESCAPE}1")
    if code.symbology == "gs1_datamatrix":
        data = f"{SQUARE_ESCAPE}1{data}"
    return f"{place}^BXN,{mark.module},200,,,,{SQUARE_ESCAPE},1{_data(data)}"


def _words(mark: Words) -> str:
    if _printer_has(mark.setting.text):
        top = mark.baseline - round(mark.size * ASCENT)
        # The printer's own letters are narrower than ours at the same height: they fit where ours did.
        return f"^FO{mark.x},{max(0, top)}^A0N,{mark.size},{mark.size}{_data(mark.setting.text)}"
    return _picture(mark)


def _printer_has(text: str) -> bool:
    """Letters that every printer's own font has (Latin-1)."""
    return all(character <= "ÿ" for character in text)


def _picture(mark: Words) -> str:
    """The words as dots, for letters that the printer has not got."""
    from PIL import Image, ImageDraw

    font = loaded(mark.setting.path, mark.size)
    height = round(mark.size * 1.3)
    image = Image.new("1", (-(-mark.width // 8) * 8, height), 0)
    ImageDraw.Draw(image).text((0, round(mark.size * ASCENT)), mark.setting.text, font=font, fill=1, anchor="ls")
    return _graphic(image.tobytes(), image.width // 8, mark.x, mark.baseline - round(mark.size * ASCENT))


def _triangle(mark: Triangle) -> str:
    from PIL import Image, ImageDraw

    left, top = min(x for x, _ in mark.points), min(y for _, y in mark.points)
    width, height = max(x for x, _ in mark.points) - left, max(y for _, y in mark.points) - top
    image = Image.new("1", (-(-(width + 1) // 8) * 8, height + 1), 0)
    ImageDraw.Draw(image).polygon([(x - left, y - top) for x, y in mark.points], fill=1)
    return _graphic(image.tobytes(), image.width // 8, left, top)


def _graphic(rows: bytes, bytes_per_row: int, x: int, y: int) -> str:
    return f"^FO{x},{max(0, y)}^GFA,{len(rows)},{len(rows)},{bytes_per_row},{rows.hex().upper()}^FS"


FORMAT = Format("zpl", holds_many=True, write=write)
