"""How are links, sessions and tokens made, and what of them is kept? 256 random bits; only their SHA-256."""

import hashlib
import secrets


def new_token(prefix: str = "") -> str:
    """Return a token nobody can guess, fit for a URL, a cookie or a header."""
    return prefix + secrets.token_urlsafe(32)


def digest_of(token: str) -> bytes:
    """Return what is kept of a token. Equal digests mean equal tokens; a digest opens nothing."""
    return hashlib.sha256(token.encode()).digest()
