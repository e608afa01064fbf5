"""Whole addresses of what this server serves without an envelope: pictures, labels.

They begin as the server is known to whoever is answered: `AMBRA_PUBLIC_URL`, else as it was called; in what webhooks
carry, else by the address that it listens at. Where nothing is known they are paths.

Example::

    begin_with(session, call.origin)
    address_of(session, "/images/9f86....png")          # 'https://wms.example.com/images/9f86....png'
    own_path(call.origin, "https://wms.example.com/images/9f86....png")     # '/images/9f86....png'
"""

from __future__ import annotations

from sqlmodel import Session

_ORIGIN = "origin"


def begin_with(session: Session, origin: str) -> None:
    """Addresses that are told in this session begin with `origin`: scheme and host."""
    session.info[_ORIGIN] = origin


def address_of(session: Session, path: str) -> str:
    """The whole address of a path of this server."""
    return f"{session.info.get(_ORIGIN, '')}{path}"


def own_path(origin: str, address: str) -> str:
    """The path of an address of this server, told whole or as a path; empty for other people's."""
    path = address.removeprefix(origin)
    return path if path.startswith("/") and not path.startswith("//") else ""
