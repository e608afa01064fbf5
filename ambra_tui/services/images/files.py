"""The folder of pictures: files named by the SHA-256 of what is in them, so that one picture is kept once.

Beside a SQLite store it is ``<store>.images``; for PostgreSQL `AMBRA_IMAGES` names a folder that all servers share.

Example::

    keep(store, content)                # Stored(digest='9f86...', kind='png', ...)
    read(store, "9f86....png")          # the bytes, None when there is no such picture
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from ambra_tui.errors import Unavailable
from ambra_tui.kit.ids import new_ulid
from ambra_tui.services.images.looking import KINDS, Stored, looked_at
from ambra_tui.settings import images_folder
from ambra_tui.store import Store
from ambra_tui.store.models import ProductImage

_NAME = re.compile(rf"[0-9a-f]{{64}}\.({'|'.join(KINDS)})")
KEPT_SECONDS = 3_600.0
"""How old a file must be that no row names before it is taken for left over: its row may be on its way."""


def folder_of(store: Store) -> Path:
    """Where the pictures of a store are."""
    return images_folder(store.path)


def keep(store: Store, content: bytes, *, field: str = "image") -> Stored:
    """Looks at a picture and writes it down, on the disk when this returns. Never inside a transaction.

    Raises Invalid naming `field`, and Unavailable when the folder cannot be written.
    """
    stored = looked_at(content, field=field)
    put(folder_of(store), f"{stored.digest}.{stored.kind}", content)
    return stored


def put(folder: Path, name: str, content: bytes) -> None:
    """A file of this name and content is on the disk. Raises Unavailable."""
    path = _place(folder, name)
    try:
        if _touched(path):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{new_ulid()}.part")
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        for above in (path.parent, folder):
            _sync_folder(above)
    except OSError as error:
        raise Unavailable(f"The picture cannot be kept: {error.strerror or error}") from error


def read(store: Store, name: str) -> bytes | None:
    """The bytes of a picture; None for a name of none."""
    return content_of(folder_of(store), name)


def content_of(folder: Path, name: str) -> bytes | None:
    """As `read`, of a folder."""
    if not _NAME.fullmatch(name):
        return None
    try:
        return _place(folder, name).read_bytes()
    except OSError:
        return None


def sweep(store: Store, *, kept_seconds: float = KEPT_SECONDS) -> int:
    """Takes away what no row names and nobody wrote lately; how many files."""
    folder = folder_of(store)
    old = [path for path in _files(folder) if _age(path) >= kept_seconds]
    if not old:
        return 0
    with store.read_system() as session:
        named = set(session.connection().execute(select(col(ProductImage.digest)).distinct()).scalars())
    left = [path for path in old if path.stem not in named and _age(path) >= kept_seconds]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _place(folder: Path, name: str) -> Path:
    return folder / name[:2] / name


def _files(folder: Path) -> Iterator[Path]:
    yield from (path for path in folder.glob("*/*") if path.is_file())


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


def _touched(path: Path) -> bool:
    """True when the file is there; it counts as written now."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
