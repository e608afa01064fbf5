"""From a request to an answer: who, may they, what, do it, render it. One function serves every operation.

Reads run inline on a short read-only session; those that grow with the ledger run in a thread, so that
nobody waits behind them. Writes run in the store's writer; the check of the idempotency key,
the act, the rendering of its answer and the record of it are one transaction.

Example::

    routes.add("POST", "/api/v1/orders", endpoint_of(store, edition, operation))
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ambra_tui.api.dispatch import Endpoint
from ambra_tui.api.edition import Answer, Call, Edition, Nothing, Operation, Wish
from ambra_tui.api.etags import etag_of, matches
from ambra_tui.api.failures import ModuleOff, refused
from ambra_tui.api.faults import FAULT_HEADER, refuse_as_asked
from ambra_tui.api.fields import read_fields
from ambra_tui.api.gate import principal_of
from ambra_tui.api.idempotency import (
    UNDER_WAY,
    Remembered,
    RequestKey,
    answered,
    claim,
    remember,
    request_key,
)
from ambra_tui.api.links import begin_with
from ambra_tui.api.paging import Paging, link_header
from ambra_tui.api.requests import read_document, read_query, unwrap
from ambra_tui.api.uploads import is_upload, read_upload
from ambra_tui.errors import NotAllowed, Stale
from ambra_tui.kit.ids import new_ulid
from ambra_tui.kit.text import has_control
from ambra_tui.services import errands
from ambra_tui.services.modules import modules_of
from ambra_tui.store import Store

_JSON = "application/json"
_CSV = "text/csv"
MAX_ID = 80
ASKING_AT_ONCE = 64
FREE_TEXT = "barcode"
ASKERS = ThreadPoolExecutor(ASKING_AT_ONCE, thread_name_prefix="ambra-asker")
"""Threads that wait for other people's machines, so that nothing else waits behind them."""


Done = TypeVar("Done")


def render(value: Any) -> str:
    """JSON text of an answer; NaN and the like are errors of ours, never output."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def endpoint_of(store: Store, edition: Edition, operation: Operation) -> Endpoint:
    """The function that answers requests for `operation`."""
    is_asked = operation.is_question or operation.is_apart
    serve = _read if operation.method == "GET" else _question if is_asked else _send if operation.answer else _write

    async def endpoint(request: Request) -> Response:
        request.state.edition = edition
        request.state.deprecation = operation.deprecation
        call = _call(store, edition, operation, request)
        if call.principal.is_sandbox:
            refuse_as_asked(request.headers.get(FAULT_HEADER))
        return await serve(call, operation, request)

    return endpoint


def _path_of(request: Request) -> dict[str, str]:
    """The path's values. Raises Refused for an id that no record can have."""
    values: dict[str, str] = request.path_params
    for name, value in values.items():
        if name != FREE_TEXT and (len(value) > MAX_ID or has_control(value)):
            raise refused(404, "NOT_FOUND", "There is nothing at this path")
    return values


def _call(store: Store, edition: Edition, operation: Operation, request: Request) -> Call:
    principal = principal_of(request)
    resource, _, verb = operation.scope.partition(":")
    verbs = ("write", "delete") if operation.method == "DELETE" and verb == "write" else (verb,)
    if not any(principal.allows(resource, each) for each in verbs):
        raise NotAllowed(f"This key may not do this: it needs the scope {operation.scope}")
    if operation.module and operation.module not in modules_of(store, principal.modules_id):
        raise ModuleOff(operation.module)
    options = None if operation.options is Nothing else read_query(operation.options, request)
    return Call(
        store, edition, principal, request.state.request_id, _path_of(request), new_ulid(), options, request.url.path,
        request.headers.get("accept", ""), request.scope["state"]["origin"],
        address=request.scope["state"].get("address", ""),
    )  # fmt: skip


async def _read(call: Call, operation: Operation, request: Request) -> Response:
    query = read_query(operation.fields, request)
    if operation.is_long or (operation.is_slow is not None and operation.is_slow(query)):
        answer = await asyncio.to_thread(_ask, call, operation, query)
    else:
        answer = _ask(call, operation, query)
    if answer.table is not None:
        return _table_response(answer, operation)
    if answer.parts is not None:
        return StreamingResponse(answer.parts, media_type=_JSON, headers=dict(answer.headers))
    if operation.is_list:
        return _list_response(call, answer, query, request)
    text = _text_of(call, operation, answer).encode()
    etag = etag_of(text)
    known = request.headers.get("if-none-match")
    headers = {**answer.headers, "ETag": etag}
    if known is not None and matches(known, etag, weak=True):
        return Response(status_code=304, headers=headers)
    return Response(text, media_type=_JSON, headers=headers)


def _text_of(call: Call, operation: Operation, answer: Answer) -> str:
    """One object in the edition's envelope."""
    return render(answer.content if operation.is_whole else call.edition.single_body(answer.content))


async def _question(call: Call, operation: Operation, request: Request) -> Response:
    document, is_form = await read_document(request, takes_forms=call.edition.takes_forms)
    fields = read_fields(operation.fields, unwrap(document, operation.wrapper), is_text=is_form)
    answer = await asyncio.to_thread(_ask, call, operation, fields)
    if answer.table is not None:
        return _table_response(answer, operation)
    headers = {**answer.headers, **({"Location": answer.location} if answer.location else {})}
    text = _text_of(call, operation, answer).encode()
    return Response(text, status_code=operation.status, media_type=_JSON, headers=headers)


def _table_response(answer: Answer, operation: Operation) -> Response:
    headers = {**answer.headers, "Vary": "Accept"}
    return Response(answer.table, status_code=operation.status, media_type=_CSV, headers=headers)


def _ask(call: Call, operation: Operation, query: Any) -> Answer:
    if operation.is_quick or operation.is_apart:
        return operation.handler(None, call, query)
    with call.store.read(call.principal.organization_id) as session:
        begin_with(session, call.origin)
        return operation.handler(session, call, query)


def _list_response(call: Call, answer: Answer, query: Any, request: Request) -> Response:
    if answer.meta is not None:
        return _marked_list(call, answer)
    total = len(answer.content) if answer.total is None else answer.total
    paging = query if isinstance(query, Paging) else Paging(per_page=max(1, min(total, 100)))
    content = call.edition.list_body(answer.content, paging.page, paging.per_page, total)
    link = link_header(
        request.url.path, dict(request.query_params), page=paging.page, per_page=paging.per_page, total=total,
        size=paging.size,
    )  # fmt: skip
    return Response(
        render(content).encode(), media_type=_JSON, headers={"X-Total-Count": str(total), "Link": link}
    )  # fmt: skip


def _marked_list(call: Call, answer: Answer) -> Response:
    """A list that tells itself where its page stands."""
    empty = call.edition.list_body(answer.content, 1, 1, 0)
    content = {name: answer.meta if isinstance(value, dict) else value for name, value in empty.items()}
    return Response(render(content).encode(), media_type=_JSON, headers=dict(answer.headers))


async def _asked(call: Call, operation: Operation, request: Request) -> tuple[Any, RequestKey | None]:
    """The fields of a write's body, and the key that it came with. A file is noted in the request's state."""
    if operation.takes_files and is_upload(request):
        upload = request.state.upload = await read_upload(request)
        document, is_form = upload.fingerprint, True
    else:
        document, is_form = await read_document(request, takes_forms=call.edition.takes_forms, rows=operation.rows)
    key = request_key(
        call.store, request.headers.get("idempotency-key"), key_id=call.principal.owner_id, method=request.method,
        path=request.url.path, body=operation.concealed(document) if operation.concealed else document,
    )  # fmt: skip
    return read_fields(operation.fields, unwrap(document, operation.wrapper), is_text=is_form), key


async def _in_writer(call: Call, work: Callable[[Session], Done]) -> Done:
    principal = call.principal

    def known(session: Session) -> Done:
        begin_with(session, call.origin)
        return work(session)

    return await asyncio.wrap_future(
        call.store.writer.submit(
            known,
            organization_id=principal.organization_id,
            actor=replace(principal.actor, request_id=call.request_id),
        )
    )


def _told(done: Remembered, *, is_repeated: bool) -> Response:
    headers = {**done.headers, **({"Idempotent-Replayed": "true"} if is_repeated else {})}
    kind = _JSON if done.body else None
    return Response(done.body.encode(), status_code=done.status, media_type=kind, headers=headers)


async def _send(call: Call, operation: Operation, request: Request) -> Response:
    """A write that has others asked: what is wanted is committed, then asked for, then answered."""
    fields, key = await _asked(call, operation, request)
    wish = await _in_writer(call, lambda session: _wish(session, call, operation, fields, key))
    if isinstance(wish, Remembered):
        return _told(wish, is_repeated=True)
    for errand in wish.errands:
        await asyncio.get_running_loop().run_in_executor(
            ASKERS, errands.run, call.store, call.principal.organization_id, errand
        )
    done, is_repeated = await _in_writer(call, lambda session: _outcome(session, call, operation, wish.subject, key))
    return _told(done, is_repeated=is_repeated)


def _wish(session: Session, call: Call, operation: Operation, fields: Any, key: RequestKey | None) -> Remembered | Wish:
    """What is wanted, written down; that of the first request with the key, or its answer."""
    repeated = claim(session, key) if key else None
    if repeated is not None:
        return Wish(**json.loads(repeated.body)) if repeated.status == UNDER_WAY else repeated
    wish: Wish = operation.handler(session, call, fields)  # type: ignore[assignment]  # of an operation with `answer`
    session.flush()
    if key:
        told = json.dumps({"subject": wish.subject, "errands": wish.errands})
        remember(session, key, Remembered(UNDER_WAY, {}, told))
    return wish


def _outcome(
    session: Session, call: Call, operation: Operation, subject: str, key: RequestKey | None
) -> tuple[Remembered, bool]:
    known = answered(session, key) if key else None
    if known is not None:
        return known, True
    assert operation.answer is not None
    done = _rendered(session, call, operation, operation.answer(session, call, subject))
    if key:
        remember(session, key, done)
    return done, False


async def _write(call: Call, operation: Operation, request: Request) -> Response:
    fields, key = await _asked(call, operation, request)
    if_match = request.headers.get("if-match")
    call = replace(call, upload=getattr(request.state, "upload", None))
    if operation.before is not None:
        call = replace(call, found=await asyncio.to_thread(operation.before, call, fields))
    done, is_repeated = await _in_writer(
        call, lambda session: _act(session, call, operation, fields, key=key, if_match=if_match)
    )
    return _told(done, is_repeated=is_repeated)


def _act(
    session: Session, call: Call, operation: Operation, fields: Any, *, key: RequestKey | None, if_match: str | None
) -> tuple[Remembered, bool]:
    repeated = claim(session, key) if key else None
    if repeated is not None:
        return repeated, True
    if if_match is not None and operation.current is not None:
        _check_current(session, call, operation, fields, if_match)
    done = _rendered(session, call, operation, operation.handler(session, call, fields))
    if key:
        remember(session, key, done)
    return done, False


def _rendered(session: Session, call: Call, operation: Operation, answer: Answer) -> Remembered:
    session.flush()
    text = "" if operation.is_empty else _text_of(call, operation, answer)
    has_tag = bool(text and (operation.current or answer.location))
    headers = {**answer.headers, **({"ETag": etag_of(text.encode())} if has_tag else {})}
    if answer.location:
        headers["Location"] = answer.location
    return Remembered(operation.status, headers, text)


def _check_current(session: Session, call: Call, operation: Operation, fields: Any, if_match: str) -> None:
    assert operation.current is not None
    present = etag_of(_text_of(call, operation, operation.current(session, call, fields)).encode())
    if not matches(if_match, present):
        raise Stale("The object changed since you read it (If-Match). Read it again, then decide.")
