"""Everything that a process reads from its surroundings, in one frozen value.

Example::

    settings = Settings.from_environment()
    settings.store_url   # 'sqlite:////home/ana/.local/share/ambra/ambra.db'
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ambra_tui.errors import Invalid

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def data_folder() -> Path:
    """The user's data folder of the product (`AMBRA_HOME` moves it)."""
    home = os.environ.get("AMBRA_HOME")
    if home:
        return Path(home)
    import platformdirs  # imported late: `ambra --help` needs none of it

    return Path(platformdirs.user_data_dir("ambra", appauthor=False))


def sqlite_file(store_url: str) -> Path:
    """The file that ``sqlite:///path`` names."""
    return Path(store_url.removeprefix("sqlite:///").partition("?")[0]).absolute()


def images_folder(store_path: Path | None) -> Path:
    """Where a store's pictures are: beside its file, else in the folder that `AMBRA_IMAGES` names."""
    if store_path is not None:
        return store_path.with_name(store_path.name + ".images")
    return Path(os.environ.get("AMBRA_IMAGES") or data_folder() / "images")


class Settings(NamedTuple):
    """`store_url`: SQLAlchemy URL of the store. `now`: text of `AMBRA_NOW`, honoured on sample stores only. `printer`:
    the station's label printer (`AMBRA_PRINTER`). `label_font`: a font for letters that the labels' own has not.
    `trusted_proxies`: addresses and networks whose ``X-Forwarded-For`` the server believes (`AMBRA_TRUSTED_PROXIES`,
    separated by commas)."""

    store_url: str
    now: str | None = None
    printer: str | None = None
    label_font: str | None = None
    trusted_proxies: tuple[str, ...] = ()

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] | None = None, *, store_url: str | None = None
    ) -> Settings:
        """An explicit `store_url` wins over `AMBRA_STORE`, which wins over the user's data folder."""
        values = os.environ if environment is None else environment
        url = store_url or values.get("AMBRA_STORE") or f"sqlite:///{data_folder() / 'ambra.db'}"
        return cls(
            store_url=url,
            now=values.get("AMBRA_NOW") or None,
            printer=values.get("AMBRA_PRINTER") or None,
            label_font=values.get("AMBRA_LABEL_FONT") or None,
            trusted_proxies=tuple(part for part in values.get("AMBRA_TRUSTED_PROXIES", "").split(",") if part.strip()),
        )


class SecuritySettings(NamedTuple):
    """`require_https`: plain HTTP is refused. `public_url`: by which address the server is known from outside, where it
    stands behind a proxy. `requires_pkce`: of every OAuth client, not of public ones alone."""

    require_https: bool = False
    public_url: str = ""
    requires_pkce: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> SecuritySettings:
        """`AMBRA_REQUIRE_HTTPS`, `AMBRA_OAUTH_PKCE` (1 or 0), `AMBRA_PUBLIC_URL`. Raises Invalid for a wrong one."""
        values = os.environ if environment is None else environment
        url = values.get("AMBRA_PUBLIC_URL", "").strip().rstrip("/")
        if url and not _PUBLIC_URL.fullmatch(url):
            raise Invalid(f"AMBRA_PUBLIC_URL is '{url[:80]}': give an address such as https://api.example.com")
        return cls(_switch(values, "AMBRA_REQUIRE_HTTPS"), url, _switch(values, "AMBRA_OAUTH_PKCE"))


class TlsSettings(NamedTuple):
    """The server's certificate (with its chain) and key, in PEM files, and the oldest TLS that it speaks."""

    certificate: str
    key: str
    minimum: str = "1.2"

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] | None = None, *, certificate: str = "", key: str = "", minimum: str = ""
    ) -> TlsSettings | None:
        """What is given wins over `AMBRA_TLS_CERTIFICATE`, `AMBRA_TLS_KEY` and `AMBRA_TLS_MINIMUM` (1.2 or 1.3); None
        without any. Raises Invalid for a certificate without a key, and the reverse."""
        values = os.environ if environment is None else environment
        certificate = certificate or values.get("AMBRA_TLS_CERTIFICATE", "")
        key = key or values.get("AMBRA_TLS_KEY", "")
        minimum = minimum or values.get("AMBRA_TLS_MINIMUM", "") or "1.2"
        if bool(certificate) != bool(key):
            raise Invalid("TLS needs a certificate and its key: --tls-certificate FILE --tls-key FILE")
        if minimum not in ("1.2", "1.3"):
            raise Invalid(f"AMBRA_TLS_MINIMUM is '{minimum[:20]}': give 1.2 or 1.3")
        return cls(certificate, key, minimum) if certificate else None


_PUBLIC_URL = re.compile(r"https?://[A-Za-z0-9._\[\]:-]+")


def _switch(values: Mapping[str, str], name: str) -> bool:
    text = values.get(name, "").strip().lower()
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("", "0", "false", "no", "off"):
        return False
    raise Invalid(f"{name} is '{text[:40]}': give 1 or 0")


class AssistantSettings(NamedTuple):
    """A language model that puts answers into words: any endpoint that speaks as OpenAI's does. `sends_rows` False: it
    hears the question and the names of the tools only, never a row."""

    base_url: str
    model: str
    key: str = ""
    sends_rows: bool = True

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> AssistantSettings | None:
        """None without `AMBRA_LLM_URL` and `AMBRA_LLM_MODEL`."""
        values = os.environ if environment is None else environment
        base_url, model = values.get("AMBRA_LLM_URL"), values.get("AMBRA_LLM_MODEL")
        if not base_url or not model:
            return None
        return cls(base_url, model, values.get("AMBRA_LLM_KEY", ""), values.get("AMBRA_LLM_ROWS", "1") != "0")


class WebhookSettings(NamedTuple):
    """`allowed_networks`: where webhooks may be sent although it is loopback or private (a receiver on the LAN)."""

    allowed_networks: tuple[Network, ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> WebhookSettings:
        """`AMBRA_WEBHOOK_ALLOWED_NETWORKS`: networks such as ``10.0.0.0/8,127.0.0.0/8``. Raises Invalid for others."""
        values = os.environ if environment is None else environment
        text = values.get("AMBRA_WEBHOOK_ALLOWED_NETWORKS", "")
        try:
            return cls(tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip()))
        except ValueError as error:
            raise Invalid(
                f"AMBRA_WEBHOOK_ALLOWED_NETWORKS: {error}. Give networks such as 192.168.1.0/24,127.0.0.0/8"
            ) from None


class ShippingSettings(NamedTuple):
    """`tariffs`: the folder of a site's own tariff tables (`AMBRA_TARIFFS`). `easypost_key`: where parcels may go by
    EasyPost too; `easypost_url`: another address of its API; `easypost_secret`: what its notices are signed with."""

    tariffs: Path | None = None
    easypost_key: str = ""
    easypost_url: str = ""
    easypost_secret: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> ShippingSettings:
        """`AMBRA_TARIFFS`, `AMBRA_EASYPOST_KEY`, `AMBRA_EASYPOST_URL`, `AMBRA_EASYPOST_SECRET`."""
        values = os.environ if environment is None else environment
        folder = values.get("AMBRA_TARIFFS")
        return cls(
            Path(folder).expanduser() if folder else None,
            values.get("AMBRA_EASYPOST_KEY", ""),
            values.get("AMBRA_EASYPOST_URL", ""),
            values.get("AMBRA_EASYPOST_SECRET", ""),
        )
