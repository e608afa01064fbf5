"""AmbraWMS: warehouse stock by scan, a terminal for the floor and a REST API over one ledger.

Example::

    from ambra_tui import __version__
"""

__version__ = "0.1.0"
