"""The store: engines, the writer, the tenant scope, the tables. Nothing above it opens a database.

Example::

    from ambra_tui.store import Actor, open_store
"""

from ambra_tui.store.scope import NOBODY, SYSTEM, Actor, StoreSession
from ambra_tui.store.store import Store, open_store

__all__ = ["NOBODY", "SYSTEM", "Actor", "Store", "StoreSession", "open_store"]
