"""The ambra edition: ``/v1``, as contracts/ambra.md prints it. Every public module here exports a `catalogue`.

Example::

    curl -H "Authorization: Bearer $KEY" "http://127.0.0.1:8080/v1/products?sort=-created_at,name&limit=50"
"""

from ambra_tui.api.edition import Edition
from ambra_tui.api.editions.ambra._envelope import (
    ERROR_SCHEMA,
    PaginationView,
    adapt,
    error_body,
    list_body,
    single_body,
)
from ambra_tui.api.editions.ambra._events import object_of
from ambra_tui.kit.discover import discover

_catalogues = discover(__name__, "catalogue").values()

EDITION = Edition(
    name="ambra",
    title="AmbraWMS ambra edition",
    base_path="/v1",
    version="1.0.0",
    description="Products, stock, suppliers, places, movements, purchasing and reports. A product is what has one SKU.",
    operations=tuple(operation for catalogue in _catalogues for operation in catalogue.operations),
    error_body=error_body,
    error_schema=ERROR_SCHEMA,
    list_body=list_body,
    list_meta=PaginationView,
    single_body=single_body,
    adapt=adapt,
    about={catalogue.tag: catalogue.about for catalogue in _catalogues if catalogue.operations},
    bad_query=(400, "INVALID_REQUEST"),
    takes_forms=False,
    object_of=object_of,
)
