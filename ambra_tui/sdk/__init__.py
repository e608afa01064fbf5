"""The Python SDK: the REST API as objects and calls. It stands alone: nothing of the program is imported here.

Example::

    from ambrawms import AmbraWMS

    client = AmbraWMS(api_key="YOUR_API_KEY", base_url="https://stock.example/v1")
    for product in client.products.list(stock_status="low"):
        print(product.sku, product.stock.available)
"""

from ambra_tui.sdk.async_client import AsyncAmbraWMS
from ambra_tui.sdk.client import AmbraWMS
from ambra_tui.sdk.commerce import AsyncCommerce, Commerce
from ambra_tui.sdk.errors import (
    AmbraError,
    Conflict,
    ConnectionFailed,
    InvalidRequest,
    NotAllowed,
    NotFound,
    PreconditionFailed,
    RateLimited,
    ServerFailed,
    SignatureInvalid,
    Unauthenticated,
    UnexpectedAnswer,
    ValidationFailed,
)
from ambra_tui.sdk.listener import Listener
from ambra_tui.sdk.pages import AsyncList, AsyncPage, Page
from ambra_tui.sdk.record import Record
from ambra_tui.sdk.signatures import verify_standard_webhook, verify_webhook

__all__ = [
    "AmbraError",
    "AmbraWMS",
    "AsyncAmbraWMS",
    "AsyncCommerce",
    "AsyncList",
    "AsyncPage",
    "Commerce",
    "Conflict",
    "ConnectionFailed",
    "InvalidRequest",
    "Listener",
    "NotAllowed",
    "NotFound",
    "Page",
    "PreconditionFailed",
    "RateLimited",
    "Record",
    "ServerFailed",
    "SignatureInvalid",
    "Unauthenticated",
    "UnexpectedAnswer",
    "ValidationFailed",
    "verify_standard_webhook",
    "verify_webhook",
]
