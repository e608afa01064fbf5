"""Cursors: where a page of a list ended, signed, and good for the same list with the same filters only.

Example::

    text = make_cursor(store, "skus:1:status=low", "var_01K...")
    read_cursor(store, "skus:1:status=low", text)      # 'var_01K...'
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from weakref import WeakKeyDictionary

from ambra_tui.api.failures import InvalidQuery
from ambra_tui.services.secrets import derived_key
from ambra_tui.store import Store

_PREFIX = "cursor_"
_MAC_BYTES = 12
MAX_CURSOR = 400
_keys: WeakKeyDictionary[Store, bytes] = WeakKeyDictionary()


def make_cursor(store: Store, listing: str, key: str) -> str:
    """The cursor behind the row `key` of a list; `listing` names the list, its owner and its filters."""
    raw = _mac(store, listing, key) + key.encode()
    return _PREFIX + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read_cursor(store: Store, listing: str, cursor: str) -> str:
    """The key of the row that the cursor stands behind. Raises InvalidQuery for one of another list or of nobody."""
    try:
        text = cursor.removeprefix(_PREFIX)
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        mac, key = raw[:_MAC_BYTES], raw[_MAC_BYTES:].decode()
    except (ValueError, binascii.Error):
        raise _wrong() from None
    if not (cursor.startswith(_PREFIX) and key and hmac.compare_digest(mac, _mac(store, listing, key))):
        raise _wrong()
    return key


def _mac(store: Store, listing: str, key: str) -> bytes:
    text = f"{listing}\x1f{key}".encode()
    return hmac.new(_key_of(store), text, hashlib.sha256).digest()[:_MAC_BYTES]


def _key_of(store: Store) -> bytes:
    known = _keys.get(store)
    if known is None:
        with store.read_system() as session:
            known = _keys[store] = derived_key(session, "cursors")
    return known


def _wrong() -> InvalidQuery:
    return InvalidQuery(
        "This cursor belongs to another list or to other filters: start again without it", field="cursor"
    )
