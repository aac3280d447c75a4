"""The headers that let a browser enforce what we promise: nothing from elsewhere, nothing injected, no framing."""

from collections.abc import Sequence
from urllib.parse import urlsplit


def security_headers(*, script_hashes: Sequence[str], tile_url: str | None) -> dict[str, str]:
    """`script_hashes` are those of Dash's own inline start line; MapLibre's worker comes from a blob.

    The tile server of the intranet, if there is one, is the only other host that may be asked, and only for pictures.
    """
    tiles = f" {_origin(tile_url)}" if tile_url else ""
    policy = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *script_hashes]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": f"'self' data: blob:{tiles}",
        "font-src": "'self'",
        "worker-src": "'self' blob:",
        "connect-src": f"'self'{tiles}",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
    }


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
