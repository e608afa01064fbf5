"""Reads a CSV file, plain or gzip, row by row: any column order, any line ends, a byte order mark, quotes.

Example::

    with TableFile(path, fields, mapping={"sku": "ProductNumber"}) as table:
        for record in table: ...
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from ambra_tui.errors import Invalid
from ambra_tui.services.imports._terms import Field, Record, Refused

_GZIP_MAGIC = b"\x1f\x8b"
_MARK = "\ufeff"  # a byte order mark that a program wrote behind the first one
_DELIMITERS = ",;\t|"
MAX_HEADER = 65_536


class TableFile:
    """An open file with its columns matched to `fields`. Iterating yields a Record or a Refused a row.

    Raises Invalid when the file cannot be read, a required field has no column or `mapping` names what is not there;
    `is_part`: another file brings the columns that are missing here.
    """

    def __init__(
        self,
        path: Path,
        fields: Sequence[Field],
        *,
        mapping: Mapping[str, str] | None = None,
        is_part: bool = False,
    ) -> None:
        self.path = path
        try:
            self._raw: IO[bytes] = path.open("rb")
            self.size = max(path.stat().st_size, 1)
        except OSError as error:
            raise Invalid(f"{path}: {error.strerror}") from error
        try:
            self._text = self._decoded()
            self._rows = csv.reader(self._text, delimiter=self._delimiter())
            self.header = [name.strip(f"{_MARK} \t") for name in next(self._rows, [])]
            self.columns = match_columns(self.header, fields, mapping or {}, path.name, is_part=is_part)
        except (OSError, EOFError, zlib.error, csv.Error) as error:
            self._raw.close()
            raise Invalid(f"{path} cannot be read: {error}") from error
        except Invalid:
            self._raw.close()
            raise

    def _decoded(self) -> io.TextIOWrapper:
        start = self._raw.read(2)
        self._raw.seek(0)
        if start in (b"\xff\xfe", b"\xfe\xff"):
            raise Invalid(f"{self.path} is UTF-16. Save it as UTF-8.")
        binary = gzip.GzipFile(fileobj=self._raw) if start == _GZIP_MAGIC else self._raw
        # A byte that is no UTF-8 becomes a surrogate, which is refused in the row that holds it.
        return io.TextIOWrapper(binary, encoding="utf-8-sig", errors="surrogateescape", newline="")

    def _delimiter(self) -> str:
        head = self._text.readline(MAX_HEADER)
        self._text.seek(0)
        return max(_DELIMITERS, key=head.count)

    @property
    def progress(self) -> float:
        """How much of the file was read, 0 to 1."""
        return min(self._raw.tell() / self.size, 1.0)

    def __iter__(self) -> Iterator[Record | Refused]:
        line = self._rows.line_num + 1
        while True:
            try:
                row = next(self._rows, None)
            except csv.Error as error:
                yield Refused(line, "", f"the row is no CSV: {error}")
                line = self._rows.line_num + 1
                continue
            except (OSError, EOFError, zlib.error) as error:
                yield Refused(line, "", f"the file breaks off here: {error}")
                return
            if row is None:
                return
            if any(row):
                yield self._record(line, row)
            line = self._rows.line_num + 1

    def _record(self, line: int, row: list[str]) -> Record | Refused:
        if len(row) > len(self.header) and any(row[len(self.header) :]):
            return Refused(line, row[0][:40], f"the row has {len(row)} columns, the header {len(self.header)}")
        return Record(line, {name: row[place].strip() for name, place in self.columns.items() if place < len(row)})

    def __enter__(self) -> TableFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._text.close()
        self._raw.close()


def match_columns(
    header: Sequence[str], fields: Sequence[Field], mapping: Mapping[str, str], name: str, *, is_part: bool = False
) -> dict[str, int]:
    """Field -> place of its column: by `mapping`, else by the field's name, else by an alias."""
    if not header:
        raise Invalid(f"{name} is empty: the first line names the columns")
    places: dict[str, int] = {}
    for place, column in enumerate(header):
        places.setdefault(_plain(column), place)
    known = {field.name for field in fields}
    unknown = [wanted for wanted in mapping if wanted not in known]
    if unknown:
        raise Invalid(f"--map: there is no field '{unknown[0]}'. Fields: {', '.join(sorted(known))}")
    columns: dict[str, int] = {}
    for field in fields:
        if field.name in mapping:
            mapped = places.get(_plain(mapping[field.name]))
            if mapped is None and not is_part:
                raise Invalid(f"{name} has no column '{mapping[field.name]}'. Columns: {', '.join(header)}")
            if mapped is not None:
                columns[field.name] = mapped
            continue
        for spelling in (field.name, *field.aliases):
            if _plain(spelling) in places:
                columns[field.name] = places[_plain(spelling)]
                break
    missing = [field.name for field in fields if field.is_required and field.name not in columns]
    if missing and not is_part:
        raise Invalid(
            f"{name} has no column for {', '.join(missing)}. Columns: {', '.join(header)}. "
            f"Name it with --map {missing[0]}=COLUMN."
        )
    return columns


def _plain(column: str) -> str:
    return "".join(c for c in column.casefold() if c.isalnum())
