"""Labels as drawings: what a label says, how it is laid out in a printer's dots, and the files made of it.

Pure drawing: no store, no terminal, no network but `printer`. python-barcode draws the bars, zxing-cpp the squares and
reads every label back before it leaves. Nothing heavy is imported before a label is drawn.

Example::

    from ambra_tui.labels.draw import draw_checked
    drawing = draw_checked(label, stock_named("100x50"), dpi=203)
"""
