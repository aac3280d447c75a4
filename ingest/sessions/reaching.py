"""A socket to the broker, plain or TLS, and why there is none in words that say what to mend."""

import socket
import ssl
from contextlib import closing

from domain.errors import Temporary
from ingest.settings import BrokerSettings

_OTHER_NAME = {62, 64}
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL."""
_NOT_NOW = {9, 10}
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""
_TLS_REASONS = {
    "WRONG_VERSION_NUMBER": "it speaks no TLS on this port; give the port of its TLS listener or leave `tls` out",
    "RECORD_LAYER_FAILURE": "it speaks no TLS on this port; give the port of its TLS listener or leave `tls` out",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "it demands a client certificate; give `certificate` and `key` under `tls`",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "it refuses the TLS handshake; give `certificate` and `key` if it demands them",
    "TLSV1_ALERT_UNKNOWN_CA": "it does not know the authority of our certificate; have its authority sign ours",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "it does not accept our certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "it does not accept our certificate any more: it has expired",
}


_HUNG_UP = "it hung up in the middle of the TLS handshake; give the port of its TLS listener or leave `tls` out"
_SAYS_NO_WITHIN_S = 0.5
"""So long after the handshake TLS 1.3 may still say no: it asks for the client's certificate when all is over."""


def knock(settings: BrokerSettings) -> None:
    """Reach the broker and go again. Raises as `reached` does, and Temporary for a client certificate that it wants."""
    with closing(reached(settings, timeout_s=settings.connect_timeout)) as connected:
        if settings.tls is None:
            return
        connected.settimeout(_SAYS_NO_WITHIN_S)
        try:
            connected.recv(1)
        except TimeoutError:
            return  # it waits for our first word, as it should
        except OSError as exc:
            raise not_reached(settings, exc) from exc


def reached(settings: BrokerSettings, *, timeout_s: float) -> socket.socket:
    """A connected, non-blocking socket. Raises Temporary, and Misconfigured for certificate files of no use."""
    context = settings.tls.context() if settings.tls is not None else None
    try:
        plain = socket.create_connection((settings.host, settings.port), timeout=timeout_s)
    except (OSError, ValueError) as exc:  # ValueError: no name of a host
        raise not_reached(settings, exc) from exc
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected = context.wrap_socket(plain, server_hostname=settings.host) if context is not None else plain
        connected.setblocking(False)
    except (OSError, ValueError) as exc:
        plain.close()
        raise not_reached(settings, exc) from exc
    return connected


def not_reached(settings: BrokerSettings, exc: Exception) -> Temporary:
    reason = _HUNG_UP if settings.tls is not None and isinstance(exc, ConnectionResetError) else why(exc)
    return Temporary(f"broker {settings.host}:{settings.port} cannot be reached: {reason}")


def why(exc: Exception) -> str:
    """What went wrong on the socket, for a person."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        return _distrust(exc)
    if isinstance(exc, ssl.SSLError):
        return _TLS_REASONS.get(exc.reason or "", str(exc))
    if isinstance(exc, TimeoutError):
        return "no answer in time"
    return str(exc)


def _distrust(exc: ssl.SSLCertVerificationError) -> str:
    """Why the broker's certificate does not do."""
    if exc.verify_code in _OTHER_NAME:
        return f"its certificate is for another name ({exc.verify_message}); give the name that it is made for"
    if exc.verify_code in _NOT_NOW:
        return f"its certificate does not hold now ({exc.verify_message}); renew it, or mend this machine's clock"
    return f"its certificate is not trusted ({exc.verify_message}); name its authority's file as `ca` under `tls`"
