"""Bodies that are files: a picture as it is, or inside a form of several parts.

Example::

    curl -X POST -H "Content-Type: image/png" --data-binary @front.png http://127.0.0.1:8080/v2/products/SKU/images
    curl -X POST -F image=@front.png -F alt=Front http://127.0.0.1:8080/v2/products/SKU/images
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, NamedTuple

from starlette.requests import Request

from ambra_tui.api.failures import refused
from ambra_tui.api.requests import read_body

MAX_UPLOAD = 10 * 1024 * 1024 + 64 * 1024  # the largest picture and what a form puts around it
MAX_PARTS = 20
MAX_TEXT = 10_000
_FILE = re.compile(r"image/[a-z0-9.+-]+|application/octet-stream")
_FORM = "multipart/form-data"
_BOUNDARY = re.compile(r"""(?:^|;)\s*boundary=(?:"([^"\\]{1,70})"|([^\s;"]{1,70}))""", re.IGNORECASE)
_NAME = re.compile(r"""(?:^|;)\s*name="([^"\\]{0,100})\"""")
_IS_FILE = re.compile(r"(?:^|;)\s*filename\*?=")


class Upload(NamedTuple):
    """A file as it came. `texts`: the other fields of its form."""

    content: bytes
    texts: dict[str, Any]

    @property
    def fingerprint(self) -> dict[str, Any]:
        """What tells this body from another."""
        return {**self.texts, "sha256": hashlib.sha256(self.content).hexdigest()}


def is_upload(request: Request) -> bool:
    """Whether the body is a file, or a form that may hold one."""
    kind = _kind(request)
    return kind == _FORM or _FILE.fullmatch(kind) is not None


async def read_upload(request: Request) -> Upload:
    """The file of a request. Raises Refused: 400 for a form that cannot be read or holds not one file, 413."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise refused(415, "UNSUPPORTED_MEDIA_TYPE", "Send the file not compressed")
    raw = await read_body(request, most=MAX_UPLOAD)
    if _kind(request) != _FORM:
        return Upload(raw, {})
    found = _BOUNDARY.search(request.headers["content-type"])
    if found is None:
        raise _malformed("names no boundary")
    return _from_form(raw, (found[1] or found[2]).encode())


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _from_form(raw: bytes, boundary: bytes) -> Upload:
    parts = (b"\r\n" + raw).split(b"\r\n--" + boundary)
    if len(parts) < 3 or not parts[-1].startswith(b"--"):
        raise _malformed("does not end")
    if len(parts) > MAX_PARTS:
        raise _malformed(f"has more than {MAX_PARTS} parts")
    files: list[bytes] = []
    texts: dict[str, Any] = {}
    for part in parts[1:-1]:
        head, mark, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        disposition = _disposition(head)
        name = _NAME.search(disposition)
        if not mark or name is None:
            raise _malformed("has a part without a name")
        if _IS_FILE.search(disposition):
            files.append(content)
        else:
            texts[name[1]] = _text(content)
    if len(files) != 1:
        raise _malformed("holds not one file")
    return Upload(files[0], texts)


def _disposition(head: bytes) -> str:
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            return value
    return ""


def _text(content: bytes) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise _malformed("holds text that is not UTF-8") from None
    if len(text) > MAX_TEXT:
        raise _malformed("holds text that is too long")
    return text


def _malformed(why: str) -> Exception:
    return refused(400, "INVALID_REQUEST", f"The form {why}")
