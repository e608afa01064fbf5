"""What a REST edition is: one contract's paths, operations, envelopes and error bodies in one value.

An edition is one module or folder in `ambra_tui.api.editions` that exports `EDITION`. Its operations are declared
on a `Catalogue`; nothing else has to know of them.

Example::

    operations = Catalogue(tag="Suppliers")

    @operations.read("/suppliers", scope="suppliers:read", operation_id="listSuppliers", ...)
    def list_suppliers(session: Session, call: Call, query: Paging) -> Answer: ...
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from pydantic import BaseModel
from sqlmodel import Session

from ambra_tui.api.deprecation import Deprecation
from ambra_tui.api.failures import Failure
from ambra_tui.api.fields import Body
from ambra_tui.api.uploads import Upload
from ambra_tui.services.access import PLAIN_RULE, LimitRule, Principal
from ambra_tui.services.webhooks import Happened
from ambra_tui.store import Store


@dataclass(frozen=True, slots=True)
class Call:
    """One request, parsed and allowed. `posting_key` names what it posts to the ledger. `options`: the query of a
    write. `here`: the path that was asked for. `accept`: the media types that the caller would like.
    `origin`: scheme and host by which the server is known to the caller.
    `upload`: the file that is the body. `found`: what the operation's `before` answered.
    `address`: where the request comes from."""

    store: Store
    edition: Edition
    principal: Principal
    request_id: str
    path: Mapping[str, str]
    posting_key: str
    options: Any = None
    here: str = ""
    accept: str = ""
    origin: str = ""
    upload: Upload | None = None
    found: Any = None
    address: str = ""

    def key(self, suffix: str = "") -> str:
        """The idempotency key of one posting of this request."""
        return f"{self.posting_key}:{suffix}"

    def url(self, path: str) -> str:
        """The path of a resource of this edition, for `Location`."""
        return f"{self.edition.base_path}{path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation answers: a JSON value; for a list also its total; for a new record its `location`. `headers`
    go with it. `parts`: a read's JSON text piece by piece, sent as it is made, instead of `content`. `meta`: where the
    page of a list stands, when its number and the total do not tell it. `table`: the answer as CSV instead of JSON."""

    content: Any
    total: int | None = None
    location: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: Iterator[str] | None = None
    meta: Mapping[str, Any] | None = None
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What the first transaction of an operation that asks others leaves behind: the `subject` that the answer is
    about, and the errands to be carried out before it."""

    subject: str
    errands: tuple[str, ...] = ()


class Nothing(Body):
    """No query parameters, or a body without fields."""


Query = TypeVar("Query", bound=BaseModel)
_SCOPE = re.compile(r"admin|[a-z][a-z_]*:(read|write|delete)")
Handler = Callable[[Any, Call, Any], Answer]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path. `shape`: a TypedDict of the answer, or of a row when `is_list`. `wrapper`: the name that
    Rails bodies are wrapped in. `deprecation`: it goes away, and every answer says so. `current`: reads the object that
    If-Match is compared with. `module`: what the organization must have switched on. `is_long`: a read that may take
    more than a few milliseconds. `is_slow`: tells of a query whether it may. `is_quick`: a read that opens its own
    session, when it needs one at all. `is_question`: a POST that only reads. `is_apart`: a change in transactions of
    its own. `options`: the query parameters of a write. `is_whole`: the answer brings its envelope along. `rows`: the
    field that a body is taken for when it is a list. `before`: looks at a write's body first, in a thread and outside
    every transaction, where something has to be asked of the network; what it answers is `found` in the call.
    `takes_files`: the body may be a file. `answer`: the handler leaves a `Wish`; once its errands were carried out
    outside every transaction, this tells what came of it. `concealed`: a body without what must not be kept of it, not
    even as a fingerprint. `is_table`: a read that answers CSV too."""

    method: str
    path: str
    scope: str
    operation_id: str
    summary: str
    tag: str
    shape: Any
    handler: Handler
    fields: type[BaseModel] = Nothing
    status: int = 200
    is_list: bool = False
    wrapper: str = ""
    current: Handler | None = None
    example: Mapping[str, Any] | None = None
    module: str = ""
    is_long: bool = False
    is_slow: Callable[[Any], bool] | None = None
    is_quick: bool = False
    is_question: bool = False
    is_apart: bool = False
    before: Callable[[Call, Any], Any] | None = None
    options: type[BaseModel] = Nothing
    is_whole: bool = False
    rows: str = ""
    takes_files: bool = False
    is_table: bool = False
    answer: Callable[[Session, Call, str], Answer] | None = None
    concealed: Callable[[Mapping[str, Any]], Any] | None = None
    deprecation: Deprecation | None = None

    @property
    def is_single(self) -> bool:
        """True when the answer is one object, which carries an ETag."""
        return not self.is_list

    @property
    def is_empty(self) -> bool:
        """True when the answer has no body."""
        return self.status == 204


def check_scope(scope: str) -> str:
    """`scope` itself. Raises ValueError when it is not one that an operation can ask for."""
    if not _SCOPE.fullmatch(scope):
        raise ValueError(f"'{scope}' is not a scope: write <resource>:<read|write|delete> or admin")
    return scope


Declared = Callable[[Session, Call, Query], Answer]
DeclaredWish = Callable[[Session, Call, Query], Wish]
DeclaredQuick = Callable[[Call, Query], Answer]


@dataclass(slots=True)
class Catalogue:
    """Collects the operations of one noun. `module`: what the organization must have switched on for all of them.
    `about`: a sentence on the noun."""

    tag: str
    module: str = ""
    about: str = ""
    operations: list[Operation] = field(default_factory=list)

    def read(
        self,
        path: str,
        query: type[Query],
        *,
        scope: str,
        operation_id: str,
        summary: str,
        shape: Any,
        is_list: bool = False,
        is_long: bool = False,
        is_table: bool = False,
    ) -> Callable[[Declared[Query]], Declared[Query]]:
        """A GET. The handler runs on a read-only session."""

        def declare(handler: Declared[Query]) -> Declared[Query]:
            return self._add(
                handler, method="GET", path=path, scope=scope, operation_id=operation_id, summary=summary, shape=shape,
                fields=query, is_list=is_list, is_long=is_long, is_table=is_table,
            )  # fmt: skip

        return declare

    def quick_read(
        self,
        path: str,
        query: type[Query],
        *,
        scope: str,
        operation_id: str,
        summary: str,
        shape: Any,
        is_list: bool = False,
        is_slow: Callable[[Query], bool] | None = None,
    ) -> Callable[[DeclaredQuick[Query]], DeclaredQuick[Query]]:
        """A GET that is asked so often that it does without a session around it. `is_slow`: which queries may take
        more than a few milliseconds all the same."""

        def declare(handler: DeclaredQuick[Query]) -> DeclaredQuick[Query]:
            def answer(_session: Session, call: Call, asked: Query) -> Answer:
                return handler(call, asked)

            self._add(
                answer, method="GET", path=path, scope=scope, operation_id=operation_id, summary=summary, shape=shape,
                fields=query, is_list=is_list, is_quick=True, is_slow=is_slow,
            )  # fmt: skip
            return handler

        return declare

    def question(
        self,
        path: str,
        body: type[Query],
        *,
        scope: str,
        operation_id: str,
        summary: str,
        shape: Any,
        wrapper: str = "",
        status: int = 200,
        example: Mapping[str, Any] | None = None,
        options: type[BaseModel] = Nothing,
        is_table: bool = False,
    ) -> Callable[[Declared[Query]], Declared[Query]]:
        """A POST that asks and changes nothing. The handler runs on a read-only session, in a thread."""

        def declare(handler: Declared[Query]) -> Declared[Query]:
            return self._add(
                handler, method="POST", path=path, scope=scope, operation_id=operation_id, summary=summary, shape=shape,
                fields=body, wrapper=wrapper, status=status, example=example, is_question=True,
                options=options, is_table=is_table,
            )  # fmt: skip

        return declare

    def apart(
        self,
        path: str,
        body: type[Query],
        *,
        scope: str,
        operation_id: str,
        summary: str,
        shape: Any,
        status: int = 200,
        example: Mapping[str, Any] | None = None,
    ) -> Callable[[DeclaredQuick[Query]], DeclaredQuick[Query]]:
        """A POST that makes transactions of its own, in a thread; nothing remembers it by an `Idempotency-Key`, so a
        repeat does it again."""

        def declare(handler: DeclaredQuick[Query]) -> DeclaredQuick[Query]:
            def answer(_session: Session, call: Call, asked: Query) -> Answer:
                return handler(call, asked)

            self._add(
                answer, method="POST", path=path, scope=scope, operation_id=operation_id, summary=summary, shape=shape,
                fields=body, status=status, example=example, is_apart=True,
            )  # fmt: skip
            return handler

        return declare

    def errand(
        self,
        path: str,
        body: type[Query],
        *,
        scope: str,
        operation_id: str,
        summary: str,
        shape: Any,
        answer: Callable[[Session, Call, str], Answer],
        status: int = 201,
        example: Mapping[str, Any] | None = None,
        concealed: Callable[[Mapping[str, Any]], Any] | None = None,
    ) -> Callable[[DeclaredWish[Query]], DeclaredWish[Query]]:
        """A POST that has others asked: the handler writes down what is wanted, in one transaction with the claim of
        the idempotency key; the errands are carried out outside every transaction; `answer` runs in a second one,
        with the answer's record. A repeat after a crash goes on where it ended."""

        def declare(handler: DeclaredWish[Query]) -> DeclaredWish[Query]:
            self._add(
                cast("Declared[Query]", handler), method="POST", path=path, scope=scope, operation_id=operation_id,
                summary=summary, shape=shape, fields=body, status=status, example=example, answer=answer,
                concealed=concealed,
            )  # fmt: skip
            return handler

        return declare

    def write(
        self,
        method: str,
        path: str,
        body: type[Query],
        *,
        scope: str,
        operation_id: str,
        summary: str,
        shape: Any,
        status: int = 200,
        wrapper: str = "",
        current: Handler | None = None,
        example: Mapping[str, Any] | None = None,
        options: type[BaseModel] = Nothing,
        is_whole: bool = False,
        rows: str = "",
        before: Callable[[Call, Query], Any] | None = None,
        takes_files: bool = False,
    ) -> Callable[[Declared[Query]], Declared[Query]]:
        """A POST, PUT, PATCH or DELETE. The handler runs in the writer, in one transaction with its answer's record."""

        def declare(handler: Declared[Query]) -> Declared[Query]:
            return self._add(
                handler, method=method, path=path, scope=scope, operation_id=operation_id, summary=summary, shape=shape,
                fields=body, status=status, wrapper=wrapper, current=current, example=example, options=options,
                is_whole=is_whole, rows=rows, before=before, takes_files=takes_files,
            )  # fmt: skip

        return declare

    def deprecate(self, operation_id: str, deprecation: Deprecation) -> None:
        """Every answer of the operation tells from now on that it goes away. Raises ValueError for an unknown one."""
        places = {operation.operation_id: place for place, operation in enumerate(self.operations)}
        if operation_id not in places:
            raise ValueError(f"{operation_id} is not declared here")
        place = places[operation_id]
        self.operations[place] = replace(self.operations[place], deprecation=deprecation)

    def _add(self, handler: Declared[Query], *, scope: str, **declared: Any) -> Declared[Query]:
        operation = Operation(
            scope=check_scope(scope), tag=self.tag, module=self.module, handler=handler, **declared
        )  # fmt: skip
        self.operations.append(operation)
        return handler


@dataclass(frozen=True, slots=True)
class Edition:
    """One contract. `about`: a sentence for each tag. `error_body` puts a failure into the contract's envelope; `adapt`
    respells one first; `list_body` wraps rows: (rows, page, per_page, total) -> JSON value. `also_at`: a second base
    path; what another edition answers there too is chosen by the key or a header (`choice.py`). `bad_query`: status and
    code of a query that can never be right. `single_body` wraps an answer that is one object. `takes_forms`: bodies may
    be forms too. `error_schema`: the JSON schema of `error_body`, where an example does not tell it. `object_of`: what
    an event is about, as a GET of this edition answers it; None for what it does not show."""

    name: str
    title: str
    base_path: str
    version: str
    description: str
    operations: Sequence[Operation]
    error_body: Callable[[Failure, str], dict[str, Any]]
    list_body: Callable[[Any, int, int, int], Any]
    list_meta: Any
    adapt: Callable[[Failure], Failure] = lambda failure: failure
    about: Mapping[str, str] = field(default_factory=dict)
    also_at: str = ""
    bad_query: tuple[int, str] = (422, "VALIDATION_ERROR")
    limit_rule: LimitRule = PLAIN_RULE
    single_body: Callable[[Any], Any] = lambda content: content
    takes_forms: bool = True
    error_schema: Mapping[str, Any] | None = None
    object_of: Callable[[Session, Happened], Any] | None = None
