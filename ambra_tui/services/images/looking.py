"""What a picture is, found by reading all of it: its name and the sender's word count for nothing.

Example::

    looked_at(content).kind     # 'png'
"""

from __future__ import annotations

import hashlib
import warnings
from io import BytesIO
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError

from ambra_tui.errors import Invalid

KINDS = ("gif", "jpeg", "png", "webp")
MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_SIDE = 16_000
MAX_FRAMES = 300


class Stored(NamedTuple):
    """A picture that was looked at. `digest`: SHA-256 of its bytes. `source_url`: where it was fetched."""

    digest: str
    kind: str
    width: int
    height: int
    size_bytes: int
    source_url: str = ""


def looked_at(content: bytes, *, field: str = "image") -> Stored:
    """The picture in `content`. Raises Invalid for what is none of KINDS, is broken, or is too large in any way."""
    if not content:
        raise Invalid(f"{field} is empty", field=field)
    if len(content) > MAX_BYTES:
        raise Invalid(f"{field} is larger than {MAX_BYTES // 1024 // 1024} MiB", field=field)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes: they are judged here
            return _read(content, field)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
        raise Invalid(f"{field} is no whole picture of the kinds {', '.join(KINDS)}", field=field) from error
    except Image.DecompressionBombError as error:
        raise _too_many(field) from error


def _read(content: bytes, field: str) -> Stored:
    with Image.open(BytesIO(content), formats=[kind.upper() for kind in KINDS]) as picture:
        width, height = picture.size
        frames = getattr(picture, "n_frames", 1)
        if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE or frames > MAX_FRAMES:
            raise _too_many(field)
        kind = str(picture.format).lower()
        picture.verify()  # sums of parts, which decoding passes over
    with Image.open(BytesIO(content), formats=[kind.upper()]) as picture:
        picture.load()
    return Stored(hashlib.sha256(content).hexdigest(), kind, width, height, len(content))


def _too_many(field: str) -> Invalid:
    return Invalid(
        f"{field} has more than {MAX_PIXELS // 1_000_000} million pixels, a side of more than {MAX_SIDE}, or more than "
        f"{MAX_FRAMES} frames",
        field=field,
    )
