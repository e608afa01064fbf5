"""Every table of the store.

Example::

    from ambra_tui.store.models import StockMove, Variant
"""

from ambra_tui.store.models.alerts import StockAlert
from ambra_tui.store.models.analytics import ItemSale, OrderSale, ProductViewMark, ProductViews
from ambra_tui.store.models.base import Scoped, metadata, table_of
from ambra_tui.store.models.catalog import Barcode, Lot, Product, Supplier, Variant
from ambra_tui.store.models.categories import Category, ProductCategory, VariantSupplier
from ambra_tui.store.models.checkouts import OrderCheckout, OrderHistory
from ambra_tui.store.models.counts import CycleCount, CycleCountBin, CycleCountLine, WorkerLimit
from ambra_tui.store.models.customers import Customer, CustomerAddress, CustomerTag
from ambra_tui.store.models.documents import (
    Discrepancy,
    PurchaseOrder,
    PurchaseOrderLine,
    SalesOrder,
    SalesOrderLine,
    Task,
)
from ambra_tui.store.models.errands import Errand
from ambra_tui.store.models.key_use import KeyHabit, KeyNetwork, KeyNotice
from ambra_tui.store.models.labels import PrintJob, StationPrinter
from ambra_tui.store.models.movements import MovementDocument
from ambra_tui.store.models.oauth import OAuthClient, OAuthCode, OAuthGrant, OAuthToken
from ambra_tui.store.models.offers import ProductImage, ProductOffer, VariantOffer
from ambra_tui.store.models.payments import Dispute, GatewayNotice, Payment, Refund
from ambra_tui.store.models.people import ApiKey, RequestTally, StationLock, User, WorkSession
from ambra_tui.store.models.picking import LineSubstitution, PickCluster, PickClusterOrder, PickFace, SubstitutionRule
from ambra_tui.store.models.places import LicensePlate, Location, Site
from ambra_tui.store.models.policies import InventoryPolicy, PolicyDefault
from ambra_tui.store.models.production import (
    ProductionBatch,
    ProductionInput,
    ProductionOutput,
    ProductionTaking,
    Recipe,
    RecipeIngredient,
)
from ambra_tui.store.models.recalls import LotRecall, LotRecallLot, LotRecallOrder
from ambra_tui.store.models.returns import ReturnAuthorization, ReturnLine
from ambra_tui.store.models.settings import OrganizationSetting
from ambra_tui.store.models.shipping import ParcelCounter, Shipment, ShipmentContent, ShipmentPackage, TrackingEvent
from ambra_tui.store.models.sites import LastCount, MarketplaceSite
from ambra_tui.store.models.stock import Allocation, MoveKind, Reservation, SiteStock, StockLevel, StockMove
from ambra_tui.store.models.system import (
    AuditEntry,
    DocumentCounter,
    IdempotencyRecord,
    Lease,
    Organization,
    OutboxEvent,
    SearchToken,
    StoreSetting,
)
from ambra_tui.store.models.transfers import StockTransfer, StockTransferContent, StockTransferLine
from ambra_tui.store.models.waste import WasteRecord
from ambra_tui.store.models.webhooks import Webhook, WebhookCursor, WebhookDelivery
from ambra_tui.store.models.work import Act, FloorStep, WorkClaim

__all__ = [
    "Act",
    "Allocation",
    "ApiKey",
    "AuditEntry",
    "Barcode",
    "Category",
    "Customer",
    "CustomerAddress",
    "CustomerTag",
    "CycleCount",
    "CycleCountBin",
    "CycleCountLine",
    "Discrepancy",
    "Dispute",
    "DocumentCounter",
    "Errand",
    "FloorStep",
    "GatewayNotice",
    "IdempotencyRecord",
    "InventoryPolicy",
    "ItemSale",
    "KeyHabit",
    "KeyNetwork",
    "KeyNotice",
    "LastCount",
    "Lease",
    "LicensePlate",
    "LineSubstitution",
    "Location",
    "Lot",
    "LotRecall",
    "LotRecallLot",
    "LotRecallOrder",
    "MarketplaceSite",
    "MoveKind",
    "MovementDocument",
    "OAuthClient",
    "OAuthCode",
    "OAuthGrant",
    "OAuthToken",
    "OrderCheckout",
    "OrderHistory",
    "OrderSale",
    "Organization",
    "OrganizationSetting",
    "OutboxEvent",
    "ParcelCounter",
    "Payment",
    "PickCluster",
    "PickClusterOrder",
    "PickFace",
    "PolicyDefault",
    "PrintJob",
    "Product",
    "ProductCategory",
    "ProductImage",
    "ProductOffer",
    "ProductViewMark",
    "ProductViews",
    "ProductionBatch",
    "ProductionInput",
    "ProductionOutput",
    "ProductionTaking",
    "PurchaseOrder",
    "PurchaseOrderLine",
    "Recipe",
    "RecipeIngredient",
    "Refund",
    "RequestTally",
    "Reservation",
    "ReturnAuthorization",
    "ReturnLine",
    "SalesOrder",
    "SalesOrderLine",
    "Scoped",
    "SearchToken",
    "Shipment",
    "ShipmentContent",
    "ShipmentPackage",
    "Site",
    "SiteStock",
    "StationLock",
    "StationPrinter",
    "StockAlert",
    "StockLevel",
    "StockMove",
    "StockTransfer",
    "StockTransferContent",
    "StockTransferLine",
    "StoreSetting",
    "SubstitutionRule",
    "Supplier",
    "Task",
    "TrackingEvent",
    "User",
    "Variant",
    "VariantOffer",
    "VariantSupplier",
    "WasteRecord",
    "Webhook",
    "WebhookCursor",
    "WebhookDelivery",
    "WorkClaim",
    "WorkSession",
    "WorkerLimit",
    "metadata",
    "table_of",
]
