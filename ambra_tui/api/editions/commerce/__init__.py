"""The commerce edition: ``/v2``, as contracts/commerce.md prints it. Every public module here exports a `catalogue`.

Example::

    curl -H "Authorization: Bearer $KEY" "http://127.0.0.1:8080/v2/products?status=active&sort=price&order=asc"
"""

from ambra_tui.api.edition import Edition
from ambra_tui.api.editions.commerce._envelope import ERROR_SCHEMA, PaginationView, adapt, error_body, list_body
from ambra_tui.api.editions.commerce._events import object_of
from ambra_tui.kit.discover import discover
from ambra_tui.services.access import LimitRule

_catalogues = discover(__name__, "catalogue").values()

EDITION = Edition(
    name="commerce",
    title="AmbraWMS commerce edition",
    base_path="/v2",
    version="2.3.0",
    description="A shop over the warehouse: catalogue, orders, customers, payments, shipping, analytics.",
    operations=tuple(operation for catalogue in _catalogues for operation in catalogue.operations),
    error_body=error_body,
    error_schema=ERROR_SCHEMA,
    list_body=list_body,
    list_meta=PaginationView,
    adapt=adapt,
    about={catalogue.tag: catalogue.about for catalogue in _catalogues if catalogue.operations},
    bad_query=(400, "INVALID_REQUEST"),
    limit_rule=LimitRule(counts_days=True, burst=2),
    takes_forms=False,
    object_of=object_of,
)
