"""OAuth: programs that people let in, what each was let to do, their codes and tokens. Digests only, as of keys.

Client, grant, code and token have ids of their own, without the organization in front: they are looked up before it is
known, and those of a sandbox move to its fresh set with every reset.

Example::

    session.exec(scoped(session, OAuthClient).where(OAuthClient.id == "client_01K..."))
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from ambra_tui.store.models.base import index, moment, one_of
from ambra_tui.store.types import JsonColumn


class OAuthClient(SQLModel, table=True):
    """A program. `secret_digest`: HMAC of its secret, empty for a public client, which can keep none. `scopes`: the
    most that it may ever ask. `requires_pkce`: also where it has a secret. `allowed_networks`: None: from anywhere."""

    __tablename__ = "oauth_client"
    __table_args__ = (index("oauth_client", "created_at"),)

    id: str = Field(primary_key=True, max_length=40)
    organization_id: int
    name: str = Field(max_length=120)
    secret_digest: str = Field(default="", max_length=64)
    redirect_uris: list[str] = Field(default_factory=list, sa_type=JsonColumn)
    grant_types: list[str] = Field(default_factory=list, sa_type=JsonColumn)
    scopes: list[str] = Field(default_factory=list, sa_type=JsonColumn)
    requires_pkce: bool = False
    plan: str = Field(default="standard", max_length=20)
    rate_limit: int | None = None
    allowed_networks: list[str] | None = Field(default=None, sa_type=JsonColumn)
    is_sandbox: bool = False
    created_at: datetime = moment()
    last_used_at: datetime | None = moment(default=None, nullable=True)
    removed_at: datetime | None = moment(default=None, nullable=True)


class OAuthGrant(SQLModel, table=True):
    """What a client was let to do once: by a person, or by itself where `user_id` is empty. Every token that follows
    from it is of its family, and ends with it. `user_id`: a person of the live organization, also for a sandbox."""

    __tablename__ = "oauth_grant"
    __table_args__ = (
        ForeignKeyConstraint(["client_id"], ["oauth_client.id"]),
        index("oauth_grant", "client_id", "created_at"),
        index("oauth_grant", "user_id"),
    )

    id: str = Field(primary_key=True, max_length=40)
    organization_id: int
    client_id: str = Field(max_length=40)
    user_id: str = Field(default="", max_length=40)
    scopes: list[str] = Field(default_factory=list, sa_type=JsonColumn)
    created_at: datetime = moment()
    revoked_at: datetime | None = moment(default=None, nullable=True)
    revoked_why: str = Field(default="", max_length=40)


class OAuthCode(SQLModel, table=True):
    """An authorization code: good once, for a short while, for its client and redirect. `redirect_uri`: as it was sent,
    empty when none was. `challenge`: of PKCE, S256; empty where the client showed none."""

    __tablename__ = "oauth_code"
    __table_args__ = (
        ForeignKeyConstraint(["client_id"], ["oauth_client.id"]),
        ForeignKeyConstraint(["grant_id"], ["oauth_grant.id"]),
        UniqueConstraint("digest"),
        index("oauth_code", "expires_at"),
    )

    id: str = Field(primary_key=True, max_length=40)
    organization_id: int
    client_id: str = Field(max_length=40)
    grant_id: str = Field(max_length=40)
    digest: str = Field(max_length=64)
    redirect_uri: str = Field(default="", sa_column=Column(Text, nullable=False))
    challenge: str = Field(default="", max_length=128)
    created_at: datetime = moment()
    expires_at: datetime = moment()
    used_at: datetime | None = moment(default=None, nullable=True)


class OAuthToken(SQLModel, table=True):
    """An access or refresh token. `prefix`: the part that may be shown. `used_at`: when a refresh token was exchanged
    for the next one; whoever comes with it after that is not to be believed."""

    __tablename__ = "oauth_token"
    __table_args__ = (
        ForeignKeyConstraint(["client_id"], ["oauth_client.id"]),
        ForeignKeyConstraint(["grant_id"], ["oauth_grant.id"]),
        UniqueConstraint("prefix"),
        Index("ix_oauth_token_grant_id", "grant_id"),
        index("oauth_token", "expires_at"),
        one_of("kind", "access", "refresh"),
    )

    id: str = Field(primary_key=True, max_length=40)
    organization_id: int
    client_id: str = Field(max_length=40)
    grant_id: str = Field(max_length=40)
    kind: str = Field(max_length=10)
    prefix: str = Field(max_length=40)
    digest: str = Field(max_length=64)
    scopes: list[str] = Field(default_factory=list, sa_type=JsonColumn)
    created_at: datetime = moment()
    expires_at: datetime = moment()
    used_at: datetime | None = moment(default=None, nullable=True)
    revoked_at: datetime | None = moment(default=None, nullable=True)
