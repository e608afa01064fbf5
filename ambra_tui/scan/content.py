"""What the text of one Application Identifier may be: its lengths, its characters and the named content checks.

A format is written as in `data/gs1`: components of a type and a length (``N13``, ``X..20``, ``[N6]``), each with the
names of its checks (``N14,csum,gcppos2``). It is compiled once, at its first use.

Example::

    compile_format("N14,csum,gcppos2").check("05001000000019")
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from ambra_tui.kit.resources import data_path
from ambra_tui.scan.check_digits import has_check_digit, has_check_pair, has_iban_check
from ambra_tui.scan.dates import is_month_day
from ambra_tui.scan.refusal import Code, Refused

_CHARACTERS = {
    "N": "[0-9]",
    "X": r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]",
    "Y": r"[#\-/0-9A-Z]",
    "Z": r"[\-0-9A-Z_a-z]",
}
_COMPONENT = re.compile(r"(\[?)([NXYZ])(\.\.)?(\d+)\]?")
_COMPANY_PREFIX_DIGITS = 4

Check = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Content:
    """A compiled format. `longest`: the most characters it takes; `is_fixed`: it always takes that many."""

    format: str
    pattern: re.Pattern[str]
    shape: re.Pattern[str]
    longest: int
    is_fixed: bool
    checks: tuple[tuple[int, Check, Code, str], ...]

    def check(self, value: str) -> None:
        """Raises Refused naming what is wrong with `value`; the caller adds which identifier it belongs to."""
        match = self.pattern.fullmatch(value)
        if match is None:
            raise self._misfit(value)
        for group, is_right, code, sentence in self.checks:
            part = match.group(group)
            if part and not is_right(part):
                raise Refused(code, sentence.format(part))

    def _misfit(self, value: str) -> Refused:
        if self.shape.fullmatch(value):
            return Refused("bad_charset", f"'{value}' holds a character that {self.format} does not allow")
        return Refused("bad_length", f"'{value[:40]}' has {len(value)} characters, {self.format} is asked")


@lru_cache(maxsize=256)
def compile_format(text: str) -> Content:
    """The compiled form of a format such as ``N3,iso4217 N..15``."""
    patterns: list[str] = []
    shapes: list[str] = []
    checks: list[tuple[int, Check, Code, str]] = []
    longest, is_fixed = 0, True
    for number, component in enumerate(text.split(), start=1):
        shape, *names = component.split(",")
        match = _COMPONENT.fullmatch(shape)
        assert match is not None, f"format {text}"
        optional, kind, is_variable, length = match.groups()
        least = 0 if optional else 1
        times = f"{{{least},{length}}}" if is_variable else f"{{{length}}}"
        end = "?" if optional and not is_variable else ""
        patterns.append(f"({_CHARACTERS[kind]}{times}){end}")
        shapes.append(f"(?:.{times}){end}")
        longest += int(length)
        is_fixed = is_fixed and not is_variable and not optional
        checks += [(number, *_CHECKS[name]) for name in names]
    pattern, any_character = re.compile("".join(patterns)), re.compile("".join(shapes), re.DOTALL)
    return Content(text, pattern, any_character, longest, is_fixed, tuple(checks))


@lru_cache(maxsize=1)
def _iso_codes() -> dict[str, frozenset[str]]:
    import tomllib

    tables = tomllib.loads(data_path("gs1/iso_codes.toml").read_text("utf-8"))
    return {name: frozenset(text.split()) for name, text in tables.items()}


def _is_country(code: str) -> bool:
    return code in _iso_codes()["countries"]


def _is_time(digits: str) -> bool:
    return digits[:2] < "24" and digits[2:4] < "60"


def _is_full_date(digits: str) -> bool:
    # Centuries repeat every 400 years, so the day is checked in the century it names.
    month, day = int(digits[4:6]), int(digits[6:8])
    year = int(digits[:4])
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if (month, day) == (2, 29):
        return is_leap
    return day > 0 and is_month_day(f"01{digits[4:]}", allow_day_zero=False)


def _is_percent_encoded(text: str) -> bool:
    return re.search(r"%(?![0-9A-Fa-f]{2})", text) is None


def _is_piece_of_total(digits: str) -> bool:
    return "00" < digits[:2] <= digits[2:4]


def _is_position_in_sequence(text: str) -> bool:
    return re.fullmatch(r"[1-9]/[1-9]", text) is not None and text[0] <= text[2]


def _starts_with_company_prefix(text: str) -> bool:
    start = text[:_COMPANY_PREFIX_DIGITS]
    return len(start) == _COMPANY_PREFIX_DIGITS and start.isdigit()


def _in(code_list: str) -> Check:
    return lambda text: text in _iso_codes()[code_list]


def _one_of(*allowed: str) -> Check:
    return lambda text: text in allowed


def _fits(pattern: str) -> Check:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


_DATE: Code = "bad_date"
_VALUE: Code = "bad_value"

_CHECKS: dict[str, tuple[Check, Code, str]] = {
    "csum": (has_check_digit, "bad_check_digit", "the check digit of {} is wrong"),
    "csumalpha": (has_check_pair, "bad_check_digit", "the check characters of {} are wrong"),
    "iban": (has_iban_check, "bad_check_digit", "the check digits of {} are wrong"),
    "gcppos1": (_starts_with_company_prefix, _VALUE, "{} does not begin with a company prefix"),
    "gcppos2": (lambda t: _starts_with_company_prefix(t[1:]), _VALUE, "{} holds no company prefix"),
    "yymmd0": (lambda t: is_month_day(t, allow_day_zero=True), _DATE, "{} is no day"),
    "yymmdd": (lambda t: is_month_day(t, allow_day_zero=False), _DATE, "{} is no day"),
    "yyyymmdd": (_is_full_date, _DATE, "{} is no day"),
    "hhmi": (_is_time, _DATE, "{} is no time of day"),
    "hh": (lambda t: t < "24", _DATE, "{} is no hour"),
    "mi": (lambda t: t < "60", _DATE, "{} is no minute"),
    "ss": (lambda t: t < "60", _DATE, "{} is no second"),
    "iso3166": (_is_country, _VALUE, "{} is no country"),
    "iso3166999": (lambda t: t == "999" or _is_country(t), _VALUE, "{} is no country"),
    "iso3166alpha2": (_in("country_letters"), _VALUE, "{} is no country"),
    "iso4217": (_in("currencies"), _VALUE, "{} is no currency"),
    "iso5218": (_one_of("0", "1", "2", "9"), _VALUE, "{} is not 0, 1, 2 or 9"),
    "yesno": (_one_of("0", "1"), _VALUE, "{} is not 0 or 1"),
    "winding": (_one_of("0", "1", "9"), _VALUE, "{} is not 0, 1 or 9"),
    "zero": (_one_of("0"), _VALUE, "{} is not 0"),
    "nonzero": (lambda t: t.strip("0") != "", _VALUE, "{} is zero"),
    "nozeroprefix": (lambda t: t == "0" or t[0] != "0", _VALUE, "{} begins with 0"),
    "hasnondigit": (lambda t: not t.isdigit(), _VALUE, "{} holds digits alone"),
    "hyphen": (_one_of("-"), _VALUE, "{} is not a hyphen"),
    "latitude": (lambda t: t <= "1800000000", _VALUE, "{} is no latitude"),
    "longitude": (lambda t: t <= "3600000000", _VALUE, "{} is no longitude"),
    "importeridx": (_fits(r"[-0-9A-Z_a-z]"), _VALUE, "{} is no importer index"),
    "packagetype": (_fits(r"[0-9A-Z]{1,4}"), _VALUE, "{} is no package type"),
    "mediatype": (lambda t: "01" <= t <= "10" or t >= "80", _VALUE, "{} is no media type"),
    "pcenc": (_is_percent_encoded, _VALUE, "{} holds a broken percent escape"),
    "pieceoftotal": (_is_piece_of_total, _VALUE, "{} is no piece of a total"),
    "posinseqslash": (_is_position_in_sequence, _VALUE, "{} is no position in a sequence"),
    "couponcode": (str.isdigit, _VALUE, "{} is no coupon"),
    "couponposoffer": (str.isdigit, _VALUE, "{} is no coupon"),
}
