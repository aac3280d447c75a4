"""Whether the receiver of a route is there: a connection is opened and closed again, and nothing is sent."""

import socket
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from domain.errors import Temporary

_WEB_PORTS = {"http": 80, "https": 443}
_SMTP_PORT = 25
_WEBHOOKS = {"json": "http", "jsons": "https", "xml": "http", "xmls": "https", "form": "http", "forms": "https"}
"""Their address names the server itself. That of other services may have a token where a host is written."""


def server_of(address: str) -> tuple[str, int] | None:
    """Host and port that an Apprise URL leads to; None where it does not say so, or where a proxy stands before it."""
    from apprise import Apprise  # with all of Apprise, 4 MB, for who reaches people with it

    service = Apprise.instantiate(address)
    if service is None:
        return None
    mail = getattr(service, "smtp_host", None)
    if mail:
        return str(mail).strip("[]"), int(service.port or _SMTP_PORT)
    scheme = _WEBHOOKS.get(address.partition(":")[0].lower())
    if scheme is not None:
        return _direct(scheme, str(service.host), service.port)
    web = urlsplit(str(getattr(service, "notify_url", None) or ""))
    if web.scheme not in _WEB_PORTS or not web.hostname or "{" in web.netloc:
        return None
    return _direct(web.scheme, web.hostname, web.port)


def _direct(scheme: str, host: str, port: int | None) -> tuple[str, int] | None:
    """Through a proxy one may reach what does not answer us."""
    if scheme in getproxies() and not proxy_bypass(host):
        return None
    return host.strip("[]"), port or _WEB_PORTS[scheme]  # an address of IPv6 stands in brackets in a URL alone


def knock(host: str, port: int, *, wait_s: float) -> None:
    """Raises Temporary when nobody takes a connection there in time."""
    try:
        socket.create_connection((host, port), timeout=wait_s).close()
    except (OSError, UnicodeError) as exc:  # UnicodeError: a host whose name cannot be one
        raise Temporary(f"{host}:{port}: {exc}") from exc
