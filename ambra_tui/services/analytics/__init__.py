"""What was sold, to whom, and how it went: reports on sales, products and customers, and reports of one's own.

Example::

    told = sales(session, span=span_of("last_30_days", today), interval="day")
    cube = report(session, Asked(("product_category",), ("revenue",), "EUR"))
"""
