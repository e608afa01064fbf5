"""Imports from CSV files: catalogue, locations, stock, purchase orders, orders. One module a kind, exporting `IMPORT`.

A file is read once, checked row by row, and written in chunks of some 20 milliseconds. Rows that cannot be taken are
named with their line and reason; the others stay imported. Importing a file twice changes nothing.

Example::

    from ambra_tui.services.imports._run import run_import
    report = run_import(store, organization_id=1, kind="catalog", path=Path("goods.csv"))
    report.made, report.unchanged, report.refused
"""
