"""From a code to its bars or squares: python-barcode draws the bars, zxing-cpp the squares.

Example::

    bars_of(Code("code128", "WH1-A01-1"))          # '11010010000...'
    squares_of(Code("datamatrix", "WH1-A01-1"))    # 14 rows of 14
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from ambra_tui.errors import Invalid
from ambra_tui.labels.model import Code

ITF_NARROW, ITF_WIDE = 2, 5
MAX_CODE_128 = 60
QUIET_SQUARES = {"qr": 4}
Squares = tuple[tuple[bool, ...], ...]


class Digits(NamedTuple):
    """Bars that hold digits only: how many, and how wide the empty border is, in modules."""

    length: int
    quiet: int


RETAIL = {"ean13": Digits(13, 11), "ean8": Digits(8, 8), "upca": Digits(12, 10), "itf14": Digits(14, 10 * ITF_NARROW)}
QUIET_BARS = 10
_DIGITS_99 = 99


def quiet_modules(code: Code) -> int:
    """The empty border that a scanner needs beside the symbol, in modules."""
    if code.is_square:
        return QUIET_SQUARES.get(code.symbology, 2)
    return RETAIL[code.symbology].quiet if code.symbology in RETAIL else QUIET_BARS


def can_be_bars(text: str) -> bool:
    """Code 128 can hold the text: printable ASCII, not too long to be scanned at all."""
    return 0 < len(text) <= MAX_CODE_128 and all(" " <= character <= "~" for character in text)


def bars_of(code: Code) -> str:
    """The bars as a text of 1 (dark) and 0, a module each. Raises Invalid."""
    if code.symbology in RETAIL:
        _check_digits(code)
    return str(_drawn(code).build()[0])


def _check_digits(code: Code) -> None:
    from ambra_tui.scan.check_digits import has_check_digit

    wanted = RETAIL[code.symbology].length
    if not (len(code.text) == wanted and code.text.isascii() and code.text.isdigit()):
        raise Invalid(f"{code.symbology} holds {wanted} digits, not '{code.text}'")
    if not has_check_digit(code.text):
        raise Invalid(f"{code.text} has a wrong check digit")


def _drawn(code: Code) -> Any:
    from barcode import codex, ean, itf, upc

    text = code.text
    if code.symbology == "ean13":
        return ean.EuropeanArticleNumber13(text)
    if code.symbology == "ean8":
        return ean.EuropeanArticleNumber8(text)
    if code.symbology == "upca":
        return upc.UniversalProductCodeA(text)
    if code.symbology == "itf14":
        return itf.ITF(text, narrow=ITF_NARROW, wide=ITF_WIDE)
    if not can_be_bars(text.replace("\x1d", "")):
        raise Invalid(f"'{text}' cannot be a Code 128: it holds up to {MAX_CODE_128} ASCII characters")
    if code.symbology == "gs1_128":
        return codex.Gs1_128(text.replace("\x1d", codex.Gs1_128.FNC1_CHAR))
    if code.symbology == "code128":
        return _code_128()(text)
    raise Invalid(f"{code.symbology} has no bars")


@cache
def _code_128() -> Any:
    """Code 128 that keeps the digits 99 at its beginning: the library takes their value for its change of set."""
    from barcode.codex import Code128

    class KeepsDigits(Code128):  # type: ignore[misc]  # the library tells no types
        def _try_to_optimize(self, encoded: list[int]) -> list[int]:
            # The drawing begins in the set of digits, so 99 in the second place can only be the digits.
            return encoded if encoded[1] == _DIGITS_99 else super()._try_to_optimize(encoded)

    return KeepsDigits


def squares_of(code: Code) -> Squares:
    """The squares row by row, True is dark, without the quiet zone. Raises Invalid."""
    import zxingcpp

    form = zxingcpp.BarcodeFormat.QRCode if code.symbology == "qr" else zxingcpp.BarcodeFormat.DataMatrix
    options: dict[str, Any] = {} if code.symbology == "qr" else {"force_square": True}
    content = code.text
    if code.symbology == "gs1_datamatrix":
        options["gs1"], content = True, _bracketed(code.text)
    try:
        barcode = zxingcpp.create_barcode(content, form, **options)
    except ValueError as error:
        raise Invalid(f"'{code.text}' cannot be a {code.symbology}: {error}") from None
    image: Any = zxingcpp.write_barcode_to_image(barcode, scale=1, add_quiet_zones=False)
    rows: Any = memoryview(image).tolist()
    return tuple(tuple(value < 128 for value in row) for row in rows)


def _bracketed(text: str) -> str:
    """The element string as the drawing library wants it, with brackets within values kept apart."""
    from ambra_tui.scan.gs1 import read_elements

    return "".join(f"({ai})" + value.replace("(", "\\(").replace(")", "\\)") for ai, value in read_elements(text))
