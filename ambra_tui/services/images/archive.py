"""Pictures inside a backup: a table of names and contents, which a store itself has not.

Example::

    pack(Path("ambra.backup.part"), folder)        # what the rows in it name
    unpack(Path("copy.db"), other_folder)          # the files are there, the table is gone
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from ambra_tui.services.images.files import content_of, put
from ambra_tui.services.images.looking import looked_at

TABLE = "image_file"
log = logging.getLogger(__name__)


def pack(backup: Path, folder: Path) -> int:
    """Puts the files of `folder` that the backup's rows name into it; how many. One that is gone is left out."""
    with closing(sqlite3.connect(backup)) as file:
        names = [f"{digest}.{kind}" for digest, kind in file.execute("SELECT DISTINCT digest, kind FROM product_image")]
        if not names:
            return 0
        file.execute(f"CREATE TABLE {TABLE} (name TEXT PRIMARY KEY, content BLOB NOT NULL)")
        packed = 0
        for name in sorted(names):
            content = content_of(folder, name)
            if content is None:
                log.warning("the picture %s is not in %s: the backup goes without it", name, folder)
                continue
            file.execute(f"INSERT INTO {TABLE} VALUES (?, ?)", (name, content))  # noqa: S608  a constant
            packed += 1
        file.commit()
    return packed


def unpack(backup: Path, folder: Path) -> int:
    """Writes a backup's pictures into `folder` and takes them out of it; how many. What is not what its name says is
    left out."""
    with closing(sqlite3.connect(backup)) as file:
        found = file.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (TABLE,)).fetchone()
        if found is None:
            return 0
        written = 0
        for name, content in file.execute(f"SELECT name, content FROM {TABLE}"):  # noqa: S608  a constant
            stored = looked_at(content)
            if name != f"{stored.digest}.{stored.kind}":
                log.warning("the picture %s is damaged in the backup", name)
                continue
            put(folder, name, content)
            written += 1
        file.execute(f"DROP TABLE {TABLE}")
        file.commit()
        file.execute("VACUUM")
    return written
