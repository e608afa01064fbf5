"""Which edition answers where two share a method and path: the key's, else the header's, else whose base path it is.

Never guessed from the query: the shape of an answer must not depend on which filter was sent.

Example::

    curl -H "Authorization: Bearer $KEY" -H "X-API-Edition: sku" http://127.0.0.1:8080/api/inventory
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response

from ambra_tui.api.dispatch import Endpoint
from ambra_tui.api.edition import Edition
from ambra_tui.api.endpoint import endpoint_of
from ambra_tui.api.failures import refused
from ambra_tui.api.gate import principal_of
from ambra_tui.store import Store

HEADER = "X-API-Edition"
Place = tuple[str, str]
Sharers = dict[str, Endpoint]


def answers_of(store: Store, editions: Sequence[Edition]) -> dict[Place, Endpoint]:
    """What answers each method and path. Raises ValueError when two editions have the same path of their own."""
    own: dict[Place, Sharers] = {}
    for edition in editions:
        for place, endpoint in _answers_at(store, edition, edition.base_path):
            if place in own:
                raise ValueError(f"{place[0]} {place[1]} is declared twice")
            own[place] = {edition.name: endpoint}
    for edition in editions:
        if edition.also_at:
            for place, endpoint in _answers_at(store, edition, edition.also_at):
                own.setdefault(place, {})[edition.name] = endpoint
    return {place: _one_of(sharers) for place, sharers in own.items()}


def _answers_at(store: Store, edition: Edition, base_path: str) -> list[tuple[Place, Endpoint]]:
    return [
        ((operation.method, base_path + operation.path), endpoint_of(store, edition, operation))
        for operation in edition.operations
    ]


def _one_of(sharers: Sharers) -> Endpoint:
    if len(sharers) == 1:
        return next(iter(sharers.values()))

    async def endpoint(request: Request) -> Response:
        name = _chosen(request, sharers)
        response = await sharers[name](request)
        response.headers["Vary"] = f"Authorization, {HEADER}"
        response.headers[HEADER] = name
        return response

    return endpoint


def _chosen(request: Request, sharers: Mapping[str, Endpoint]) -> str:
    edition = principal_of(request).edition
    if edition in sharers:
        return edition
    asked = request.headers.get(HEADER)
    if asked is None:
        return next(iter(sharers))
    if asked.strip().lower() not in sharers:
        raise refused(400, "INVALID_REQUEST", f"{HEADER} is one of {', '.join(sharers)}")
    return asked.strip().lower()
