"""Returns: made, found, changed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlmodel import Session, col

from ambra_tui.errors import Duplicate, Invalid, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.kit.text import clean_line
from ambra_tui.services.catalog import positive_quantity
from ambra_tui.services.documents import document_number
from ambra_tui.services.returns.shipped import left_with
from ambra_tui.services.returns.states import changed, lock_pending, locked_order
from ambra_tui.services.returns.terms import DOCUMENT, MAX_LINES, NewReturnLine
from ambra_tui.services.rows import add_unique
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import Location, ReturnAuthorization, ReturnLine, Variant
from ambra_tui.store.models.returns import CONDITIONS
from ambra_tui.store.scope import fetch, now_of, organization_of, scoped


def create_return(
    session: Session, *, order_id: str, reason: str, lines: Sequence[NewReturnLine], number: str | None = None
) -> ReturnAuthorization:
    """What may come back of an order, to the site that shipped it.

    Raises NotFound for the order, Invalid naming the item that was not shipped or would come back twice.
    """
    order = locked_order(session, order_id)
    now = now_of(session)
    rma = ReturnAuthorization(
        organization_id=organization_of(session),
        id=new_id("rma"),
        number=document_number(session, "RMA", number, resource=DOCUMENT, find=find_return),
        order_id=order.id,
        site_id=order.site_id,
        reason=clean_line(reason, field="reason"),
        created_at=now,
        updated_at=now,
    )
    rows = _checked_lines(session, rma, lines)
    add_unique(session, rma, Duplicate(DOCUMENT, "number", rma.number))
    session.add_all(rows)
    session.flush()
    publish(session, "return_authorization_created", rma.id, {"number": rma.number, "order_id": order.id})
    audit(session, "return_authorization_created", rma.id, number=rma.number, order=order.number)
    return rma


def update_return(
    session: Session,
    rma: ReturnAuthorization,
    *,
    reason: str | None = None,
    lines: Sequence[NewReturnLine] | None = None,
) -> None:
    """Another reason, other lines. Raises WrongState when it is not pending, or when something came already."""
    locked_order(session, rma.order_id)
    lock_pending(session, rma, step="change")
    if reason is not None:
        rma.reason = clean_line(reason, field="reason")
    if lines is not None:
        present = lines_of(session, rma.id)
        if any(line.received for line in present):
            raise WrongState(DOCUMENT, rma.number, state="partly received", step="change the items of")
        for line in present:
            session.delete(line)
        session.flush()
        session.add_all(_checked_lines(session, rma, lines))
    changed(session, rma, act="return_authorization_changed")


def get_return(session: Session, return_id: str) -> ReturnAuthorization:
    """The return with this id. Raises NotFound."""
    return fetch(session, ReturnAuthorization, return_id, resource=DOCUMENT)


def find_return(session: Session, number: str) -> ReturnAuthorization | None:
    """The return with this number; typed small letters do too."""
    wanted = number.strip()
    for spelling in dict.fromkeys((wanted, wanted.upper())):
        found = session.exec(scoped(session, ReturnAuthorization).where(ReturnAuthorization.number == spelling)).first()
        if found is not None:
            return found
    return None


def pending_returns(session: Session, site_id: str, *, limit: int = 9) -> list[ReturnAuthorization]:
    """Returns that a site waits for, oldest first."""
    statement = scoped(session, ReturnAuthorization).where(
        ReturnAuthorization.site_id == site_id, ReturnAuthorization.status == "pending"
    )
    ordered = statement.order_by(col(ReturnAuthorization.created_at), col(ReturnAuthorization.number))
    return list(session.exec(ordered.limit(limit)).all())


def lines_of(session: Session, return_id: str, *, variant_id: str | None = None) -> list[ReturnLine]:
    """A return's lines (those of one variant, where asked) in their order, as they are now."""
    statement = scoped(session, ReturnLine).where(ReturnLine.return_authorization_id == return_id)
    if variant_id is not None:
        statement = statement.where(ReturnLine.variant_id == variant_id)
    ordered = statement.order_by(col(ReturnLine.position)).execution_options(populate_existing=True)
    return list(session.exec(ordered).all())


def outstanding(line: ReturnLine) -> Decimal:
    """What of a line has not come yet."""
    return line.quantity - line.received


def bin_of(session: Session, rma: ReturnAuthorization, location_id: str | None) -> str | None:
    """The location that a return is to come to; the site's own id, or nothing, means its dock. Raises Invalid."""
    if location_id is None or location_id == rma.site_id:
        return None
    location = fetch(session, Location, location_id, resource="location")
    if location.site_id != rma.site_id or location.usage != "internal" or location.status != "active":
        raise Invalid("the return comes to another location", field="location_id")
    return location.id


def _checked_lines(session: Session, rma: ReturnAuthorization, lines: Sequence[NewReturnLine]) -> list[ReturnLine]:
    if not lines:
        raise Invalid("a return needs at least one item", field="items")
    if len(lines) > MAX_LINES:
        raise Invalid(f"a return has at most {MAX_LINES} items", field="items")
    room = _returnable(session, rma)
    rows = []
    for position, line in enumerate(lines):
        field = f"items[{position}]"
        variant = fetch(session, Variant, line.variant_id, resource="variant")
        quantity = positive_quantity(line.quantity, field=f"{field}.quantity")
        if line.condition not in CONDITIONS:
            raise Invalid(f"condition is one of {', '.join(CONDITIONS)}", field=f"{field}.condition")
        left = room.get(variant.id, ZERO)
        if quantity > left:
            raise Invalid(
                f"at most {show(left)} of {variant.sku} were shipped and may still come back",
                field=f"{field}.quantity",
            )
        room[variant.id] = left - quantity
        rows.append(
            ReturnLine(
                organization_id=rma.organization_id,
                id=new_id("rml"),
                return_authorization_id=rma.id,
                position=position + 1,
                variant_id=variant.id,
                quantity=quantity,
                condition=line.condition,
            )
        )
    return rows


def _returnable(session: Session, rma: ReturnAuthorization) -> dict[str, Decimal]:
    """Variant -> what was shipped with the order, substitutes as such, and no other return of it speaks for."""
    room = left_with(session, rma.order_id)
    others = scoped(session, ReturnAuthorization).where(
        ReturnAuthorization.order_id == rma.order_id,
        ReturnAuthorization.id != rma.id,
        ReturnAuthorization.status != "cancelled",
    )
    for other in session.exec(others).all():
        for taken in lines_of(session, other.id):
            spoken_for = taken.quantity if other.status == "pending" else taken.received
            room[taken.variant_id] = room.get(taken.variant_id, ZERO) - spoken_for
    return {variant_id: max(quantity, ZERO) for variant_id, quantity in room.items()}
