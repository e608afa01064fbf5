"""Secrets that a screen shows once: kept in this process's memory only, never with the step, gone when it is left.

Example::

    keep("key_01...", "ambra_live_...")     # when it is made
    read("key_01...")                       # while the screen shows it; None after `drop`, and after a restart
"""

from __future__ import annotations

import threading
from collections import OrderedDict

MAX_SLIPS = 32
PIECE = 18
_slips: OrderedDict[str, str] = OrderedDict()
_lock = threading.Lock()


def keep(name: str, secret: str) -> None:
    """Remembers `secret` under the name of what it opens; of very many the oldest goes."""
    with _lock:
        _slips.pop(name, None)
        _slips[name] = secret
        while len(_slips) > MAX_SLIPS:
            _slips.popitem(last=False)


def read(name: str) -> str | None:
    """The secret, while it is shown."""
    with _lock:
        return _slips.get(name)


def drop(name: str) -> None:
    """Forgets it."""
    with _lock:
        _slips.pop(name, None)


def pieces(secret: str) -> list[str]:
    """A secret in lines that fit the smallest screen."""
    return [secret[first : first + PIECE] for first in range(0, len(secret), PIECE)]
