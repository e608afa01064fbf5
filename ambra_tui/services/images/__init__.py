"""Pictures: looked at before they are believed, kept as files named after what is in them, told of by rows.

A file is written and on the disk before the row that names it is committed, so a row's picture is always there; a file
that no row names any more is left over, and `sweep` takes it away.

Example::

    stored = keep(store, content)                       # outside the transaction
    add_image(session, product, stored, alt="front")    # inside it
"""

from ambra_tui.services.images.fetching import fetch
from ambra_tui.services.images.files import folder_of, keep, read, sweep
from ambra_tui.services.images.looking import KINDS, MAX_BYTES, MAX_PIXELS, Stored, looked_at
from ambra_tui.services.images.rows import MAX_IMAGES, Wanted, add_image, remove_image, set_images

__all__ = [
    "KINDS",
    "MAX_BYTES",
    "MAX_IMAGES",
    "MAX_PIXELS",
    "Stored",
    "Wanted",
    "add_image",
    "fetch",
    "folder_of",
    "keep",
    "looked_at",
    "read",
    "remove_image",
    "set_images",
    "sweep",
]
