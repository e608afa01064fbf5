"""API keys: made, listed, rotated, revoked, by a key with the scope admin. A key's text is in one answer only.

Example::

    POST /v1/api_keys    {"name": "Production Integration", "scopes": ["read", "write"]}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.fields import Body, Identifier, Line, OneOf, UntilMoment
from ambra_tui.api.paging import LimitPaging
from ambra_tui.errors import NotAllowed
from ambra_tui.kit.clock import to_iso
from ambra_tui.services import access
from ambra_tui.store import Actor
from ambra_tui.store.models import ApiKey, KeyNotice
from ambra_tui.store.scope import now_of

catalogue = Catalogue("API keys", about="Who may call: keys, their scopes and limits, rotated and revoked at once.")
PRODUCTION, STAGING = "production", "staging"
EXAMPLE = {"name": "Production Integration", "scopes": ["read", "write"]}


def _whole(value: Any, most: int, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"must be a whole number from {least} to {most}")
    return value


def _number(least: int, most: int) -> tuple[BeforeValidator, WithJsonSchema]:
    return (
        BeforeValidator(lambda value: _whole(value, most, least)),
        WithJsonSchema({"type": "integer", "minimum": least, "maximum": most}),
    )


Grace = Annotated[int, *_number(0, access.MAX_GRACE_SECONDS)]
RateLimit = Annotated[int, *_number(1, access.MAX_RATE_LIMIT)]


class UnusualUseView(TypedDict):
    """A use unlike the earlier ones. ``kind``: new_network, high_rate or long_silence."""

    kind: str
    at: str
    details: dict[str, Any]


class ApiKeyView(TypedDict):
    """A key. ``prefix``: how its text begins; the rest is nowhere. ``status``: active, expired or revoked. After a
    rotation ``previous_prefix`` works until ``previous_ends_at``. ``rate_limit``: requests an hour. ``rotate_by``: when
    its text has been the same for 90 days; ``is_rotation_due``: it has. ``unusual_use``: what was unlike its earlier
    uses in the last two weeks."""

    id: str
    name: str
    prefix: str
    scopes: list[str]
    environment: str
    status: str
    plan: str
    rate_limit: int
    edition: str | None
    allowed_ips: list[str]
    previous_prefix: str | None
    previous_ends_at: str | None
    last_used_at: str | None
    expires_at: str | None
    rotated_at: str | None
    revoked_at: str | None
    created_at: str
    rotate_by: str
    is_rotation_due: bool
    unusual_use: list[UnusualUseView]


class NewApiKeyView(ApiKeyView):
    """A key with its text, shown this once."""

    key: str


class NewApiKey(Body):
    """A key. Without a `plan` it is standard, without `allowed_ips` it works from anywhere, without `environment` it
    works where the asking key does. `rate_limit`: requests an hour, instead of the plan's."""

    name: Line
    scopes: Annotated[list[Identifier], Field(min_length=1, max_length=50)]
    environment: Annotated[Identifier, OneOf((PRODUCTION, STAGING))] | None = None
    expires_at: UntilMoment | None = None
    plan: Annotated[Identifier, OneOf(tuple(access.PLANS))] | None = None
    rate_limit: RateLimit | None = None
    edition: Annotated[Identifier, OneOf(access.EDITIONS)] | None = None
    allowed_ips: Annotated[list[Identifier], Field(max_length=50)] | None = None


class Rotation(Body):
    """How long the text until now works on; a day when nothing is said."""

    grace_seconds: Grace | None = None


@catalogue.read(
    "/api_keys", LimitPaging, scope="admin", operation_id="listApiKeys", is_list=True,
    summary="API keys, newest first, without their texts", shape=ApiKeyView,
)  # fmt: skip
def list_all(session: Session, _call: Call, query: LimitPaging) -> Answer:
    """The keys of the asking key's organization; a `test_` key sees those of its sandbox."""
    keys, now = access.list_keys(session), now_of(session)
    page = keys[query.offset : query.offset + query.per_page]
    notices = access.recent_notices(session)
    return Answer([_view(key, now, notices) for key in page], len(keys))


@catalogue.apart(
    "/api_keys", NewApiKey, scope="admin", operation_id="createApiKey", status=201,
    summary="Make an API key; its text is in this answer only", shape=NewApiKeyView, example=EXAMPLE,
)  # fmt: skip
def create(call: Call, body: NewApiKey) -> Answer:
    """A key of the same organization, or with `environment` staging a `test_` key on its sandbox. Nothing remembers the
    answer, so a repeat makes another key."""
    principal = call.principal
    is_staging = principal.is_sandbox if body.environment is None else body.environment == STAGING
    if principal.is_sandbox and not is_staging:
        raise NotAllowed("A test_ key makes test_ keys only.")
    key, text = access.create_key(
        call.store,
        organization_id=principal.modules_id,
        label=body.name,
        scopes=body.scopes,
        plan=body.plan or "standard",
        edition=body.edition or access.ANY_EDITION,
        sandbox=is_staging,
        rate_limit=body.rate_limit,
        expires_at=body.expires_at,
        allowed_networks=body.allowed_ips or (),
        actor=_actor(call),
    )
    return Answer({**_view(key, call.store.clock.now()), "key": text}, location=call.url(f"/api_keys/{key.id}"))


@catalogue.apart(
    "/api_keys/{id}/rotate", Rotation, scope="admin", operation_id="rotateApiKey", status=201,
    summary="A new text for a key, in this answer only; the old one works for a while", shape=NewApiKeyView,
    example={"grace_seconds": 3600},
)  # fmt: skip
def rotate(call: Call, body: Rotation) -> Answer:
    """The key stays the same key: its scopes, its limits, its id."""
    grace = access.GRACE_SECONDS if body.grace_seconds is None else body.grace_seconds
    key, text = call.store.writer.run(
        lambda session: access.rotate_key(session, call.path["id"], grace_seconds=grace),
        organization_id=call.principal.organization_id,
        actor=_actor(call),
    )
    return Answer({**_view(key, call.store.clock.now()), "key": text})


@catalogue.write(
    "DELETE", "/api_keys/{id}", Nothing, scope="admin", operation_id="revokeApiKey", status=204,
    summary="Revoke an API key, at once and everywhere", shape=None,
)  # fmt: skip
def revoke(session: Session, call: Call, _body: object) -> Answer:
    """Also the asking key, and the last admin key: `ambra key create` makes another."""
    access.revoke_key(session, call.path["id"])
    return Answer(None)


def _actor(call: Call) -> Actor:
    return replace(call.principal.actor, request_id=call.request_id)


def _view(key: ApiKey, now: datetime, notices: Sequence[KeyNotice] = ()) -> ApiKeyView:
    grace_runs = key.previous_ends_at is not None and key.previous_ends_at > now
    return {
        "id": key.id,
        "name": key.label,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "environment": STAGING if key.is_sandbox else PRODUCTION,
        "status": access.state_of(key, now),
        "plan": key.plan,
        "rate_limit": access.quota_of(key.plan, key.rate_limit, access.PLAIN_RULE).hour,
        "edition": key.edition or None,
        "allowed_ips": key.allowed_networks or [],
        "previous_prefix": key.previous_prefix if grace_runs else None,
        "previous_ends_at": _iso(key.previous_ends_at) if grace_runs else None,
        "last_used_at": _iso(key.last_used_at),
        "expires_at": _iso(key.expires_at),
        "rotated_at": _iso(key.rotated_at),
        "revoked_at": _iso(key.revoked_at),
        "created_at": to_iso(key.created_at),
        "rotate_by": to_iso(access.rotate_by(key)),
        "is_rotation_due": access.is_rotation_due(key, now),
        "unusual_use": [
            {"kind": notice.kind, "at": to_iso(notice.at), "details": notice.details}
            for notice in notices
            if notice.key_id == key.id
        ],
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else to_iso(moment)
