"""Pictures fetched from addresses that somebody else wrote down: as carefully as webhooks are sent.

The name is resolved once, every address it has is judged, the connection goes to an address that was judged, and so it
goes with each redirect. Never inside a transaction.

Example::

    content = fetch("https://cdn.example.com/shirt.png")
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Sequence
from urllib.parse import urljoin

import httpx

from ambra_tui.errors import Invalid
from ambra_tui.services.images.looking import MAX_BYTES
from ambra_tui.services.webhooks.targets import DEFAULT_PORTS, Target, allowed_addresses, parse_target, resolve
from ambra_tui.settings import Network, WebhookSettings

SECONDS = 10.0
MAX_REDIRECTS = 3
AGENT = "AmbraWMS-Images/1"
_HEADERS = {"User-Agent": AGENT, "Accept": "image/*", "Accept-Encoding": "identity"}
Resolve = Callable[[str, int], list[str]]


def fetch(
    url: str,
    *,
    field: str = "url",
    networks: Sequence[Network] | None = None,
    resolve: Resolve = resolve,
    trust: ssl.SSLContext | None = None,
) -> bytes:
    """What is at `url`. Raises Invalid, naming `field`, for what may not be reached, does not answer in time, is no 200
    or too large. `trust`: whose certificates are good, the system's when None."""
    allowed = WebhookSettings.from_environment().allowed_networks if networks is None else networks
    deadline = time.monotonic() + SECONDS
    try:
        road = httpx.HTTPTransport(verify=trust or ssl.create_default_context(), trust_env=False)
        with httpx.Client(transport=road, trust_env=False, timeout=SECONDS) as client:
            for _ in range(MAX_REDIRECTS + 1):
                target = parse_target(url)
                addresses = allowed_addresses(resolve(target.host, target.port), allowed)
                content, further = _first(client, target, addresses, deadline)
                if further is None:
                    return content
                url = urljoin(url, further)
    except Invalid as error:
        raise Invalid(error.message.replace("the URL of a webhook", "it"), field=field) from error
    except (OSError, UnicodeError, httpx.HTTPError, httpx.InvalidURL) as error:
        raise Invalid("the picture could not be fetched: its host does not answer", field=field) from error
    raise Invalid(f"the picture could not be fetched: more than {MAX_REDIRECTS} redirects", field=field)


def _first(client: httpx.Client, target: Target, addresses: list[str], deadline: float) -> tuple[bytes, str | None]:
    """From the first of the host's addresses that takes a connection."""
    for address in addresses[:-1]:
        try:
            return _get(client, target, address, deadline)
        except httpx.ConnectError:
            continue
    return _get(client, target, addresses[-1], deadline)


def _get(client: httpx.Client, target: Target, address: str, deadline: float) -> tuple[bytes, str | None]:
    """The body, or where it is to be looked for."""
    is_usual = target.port == DEFAULT_PORTS[target.scheme]
    host = f"[{target.host}]" if ":" in target.host else target.host
    request = client.build_request(
        "GET",
        httpx.URL(target.url).copy_with(host=address),
        headers={**_HEADERS, "Host": host if is_usual else f"{host}:{target.port}"},
        extensions={"sni_hostname": target.host},
    )
    response = client.send(request, stream=True, follow_redirects=False)
    try:
        if response.is_redirect:
            return b"", response.headers["location"]
        if response.status_code != 200:
            raise Invalid(f"the picture could not be fetched: its host answered {response.status_code}")
        return _body(response, deadline), None
    finally:
        response.close()


def _body(response: httpx.Response, deadline: float) -> bytes:
    parts = bytearray()
    for part in response.iter_raw():
        parts += part
        if len(parts) > MAX_BYTES:
            raise Invalid(f"the picture is larger than {MAX_BYTES // 1024 // 1024} MiB")
        if time.monotonic() > deadline:
            raise Invalid(f"the picture could not be fetched within {SECONDS:.0f} seconds")
    return bytes(parts)
