"""Finds the endpoint of a method and path, and answers whatever it raises in the right shape.

The framework matches routes one after the other (7 us each, measured), which five editions would pay for on every
request. Here a path is looked up by its fixed beginning, so the number of routes does not matter.

Example::

    routes = Routes()
    routes.add("GET", "/api/v1/orders/{id}", get_order)
    routes.find("GET", "/api/v1/orders/ord_1")    # (get_order, {'id': 'ord_1'})
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ambra_tui.api.deprecation import Headers
from ambra_tui.api.errors import Errors
from ambra_tui.api.failures import INTERNAL, Failure, Refused, failure_of, refused
from ambra_tui.api.gate import Gate, standing_headers
from ambra_tui.api.transport import Transport
from ambra_tui.errors import AmbraError

Endpoint = Callable[[Request], Awaitable[Response]]
Methods = dict[str, Endpoint]
_NAME = re.compile(r"{([a-z_]+)(:path)?}")
_log = logging.getLogger("ambra.api")


class Routes:
    """Every path with its methods. ``{name}`` is one segment, ``{name:path}`` the rest; a fixed path hides those, the
    longer beginning hides the shorter, and of those that begin alike the first to be added hides the others."""

    def __init__(self) -> None:
        self._fixed: dict[str, Methods] = {}
        self._open: dict[str, list[tuple[re.Pattern[str], Methods]]] = {}

    def add(self, method: str, path: str, endpoint: Endpoint) -> None:
        """Raises ValueError when the method and path are taken."""
        methods = self._methods_of(path)
        if method in methods:
            raise ValueError(f"{method} {path} is declared twice")
        methods[method] = endpoint

    def _methods_of(self, path: str) -> Methods:
        if "{" not in path:
            return self._fixed.setdefault(path, {})
        pattern = _pattern(path)
        candidates = self._open.setdefault(path[: path.index("{")], [])
        for known, methods in candidates:
            if known.pattern == pattern.pattern:
                return methods
        candidates.append((pattern, {}))
        return candidates[-1][1]

    def find(self, method: str, path: str) -> tuple[Endpoint, Mapping[str, str]]:
        """The endpoint and the path's values. Raises Refused: 404, or 405 naming every method of the path."""
        methods, values = self._matching(path)
        if method in methods:
            return methods[method], values
        if not methods:
            raise Refused(Failure(404, "NOT_FOUND", "There is nothing at this path"))
        named = ", ".join(sorted(methods.keys() | ({"HEAD"} if "GET" in methods else set())))
        raise Refused(Failure(405, "METHOD_NOT_ALLOWED", f"This path answers {named}", headers={"Allow": named}))

    def _matching(self, path: str) -> tuple[Methods, Mapping[str, str]]:
        if path in self._fixed:
            return self._fixed[path], {}
        end = path.rfind("/")
        while end > 0:
            for pattern, methods in self._open.get(path[: end + 1], ()):
                match = pattern.fullmatch(path)
                if match:
                    return methods, match.groupdict()
            end = path.rfind("/", 0, end)
        return {}, {}


def _pattern(path: str) -> re.Pattern[str]:
    parts = []
    position = 0
    for name in _NAME.finditer(path):
        parts += [re.escape(path[position : name.start()]), f"(?P<{name[1]}>{'.*' if name[2] else '[^/]+'})"]
        position = name.end()
    return re.compile("".join([*parts, re.escape(path[position:])]), re.DOTALL)


def _refuse_two_lengths(scope: Scope) -> None:
    """A body with a length and in chunks: a proxy may see its end elsewhere, and take what follows for its own."""
    names = {name for name, _value in scope["headers"]}
    if b"transfer-encoding" in names and b"content-length" in names:
        raise refused(400, "INVALID_REQUEST", "Send Content-Length or Transfer-Encoding, not both", connection="close")


class Dispatcher:
    """The application inside its frame: one request, one endpoint, one answer."""

    def __init__(self, routes: Routes, errors: Errors, gate: Gate, transport: Transport) -> None:
        self._routes, self._errors, self._gate, self._transport = routes, errors, gate, transport

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            _refuse_two_lengths(scope)
            self._transport.refuse_plain(scope)
            scope["state"]["origin"] = self._transport.issuer(scope)
            late_seconds = self._gate.enter(request)
            if late_seconds:
                await asyncio.sleep(late_seconds)
            endpoint, scope["path_params"] = self._routes.find(scope["method"], scope["path"])
            response = await endpoint(request)
        except (AmbraError, Refused, SQLAlchemyError) as error:
            response = self._refusal(scope, failure_of(error))
        except Exception:  # noqa: BLE001  what nobody foresaw: logged, and answered without its text
            _log.exception("request %s failed: %s %s", scope["state"]["request_id"], scope["method"], scope["path"])
            response = self._refusal(scope, INTERNAL)
        response.raw_headers += standing_headers(scope) + self._transport.headers(scope) + self._future(scope)
        await response(scope, receive, send)

    def _future(self, scope: Scope) -> Headers:
        """The version of the edition that answers, and whether the operation goes away."""
        state = scope["state"]
        edition = state.get("edition") or self._errors.edition_at(scope["path"])
        version = [(b"api-version", edition.version.encode())] if edition is not None else []
        deprecation = state.get("deprecation")
        return version + deprecation.headers if deprecation is not None else version

    def _refusal(self, scope: Scope, failure: Failure) -> Response:
        accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
        state = scope["state"]
        self._gate.note_refusal(scope, failure.status)
        return self._errors.response(
            scope["path"], failure, state["request_id"], accept.decode("latin-1"), state.get("edition")
        )
