"""Is this the same natural person? Answered by a keyed digest, so that no identity number has to be kept."""

import hashlib
import hmac
import unicodedata


def identity_digest(number: str, *, key: str) -> bytes:
    """Return the HMAC-SHA256 by which a person is recognised; however the number was typed, the same digest.

    Without the key nobody can try all numbers against it.
    """
    normal = "".join(unicodedata.normalize("NFKC", number).split()).upper()
    own_key = hmac.digest(key.encode(), b"shuniu identity number", hashlib.sha256)
    return hmac.digest(own_key, normal.encode(), hashlib.sha256)
