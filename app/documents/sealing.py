"""How does the content of a paper become ciphertext and plain again? Block by block, libsodium only.

Every block is as long as any other, so that the length of a file says little; the last one is marked, so that
none can be cut off. Pure: no database, no folders.
"""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from nacl import utils
from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_ABYTES as OVERHEAD,
)
from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_HEADERBYTES as HEADER,
)
from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_init_pull,
    crypto_secretstream_xchacha20poly1305_init_push,
    crypto_secretstream_xchacha20poly1305_pull,
    crypto_secretstream_xchacha20poly1305_push,
    crypto_secretstream_xchacha20poly1305_state,
)
from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_TAG_FINAL as LAST,
)
from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_TAG_MESSAGE as MORE,
)
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

BLOCK = 64 * 1024
STEP = 512


class PaperDamaged(ValueError):
    """The ciphertext of a paper is not there, was changed, or belongs to another key."""


def new_key() -> bytes:
    """Return a key for one paper."""
    return utils.random(SecretBox.KEY_SIZE)


def sealed_blocks(key: bytes, content: BinaryIO) -> Iterator[bytes]:
    """Yield the ciphertext of what the file still holds; the last block is filled up with zeros."""
    state = crypto_secretstream_xchacha20poly1305_state()
    yield crypto_secretstream_xchacha20poly1305_init_push(state, key)
    block = content.read(BLOCK)
    while True:
        after = content.read(BLOCK)
        filled = block.ljust(BLOCK, b"\0")
        yield crypto_secretstream_xchacha20poly1305_push(state, filled, tag=MORE if after else LAST)
        if not after:
            return
        block = after


def plain_blocks(key: bytes, ciphertext: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield the `size` bytes that were sealed, or raise PaperDamaged at the first block that is wrong."""
    state, left, tag = crypto_secretstream_xchacha20poly1305_state(), size, MORE
    try:
        crypto_secretstream_xchacha20poly1305_init_pull(state, ciphertext.read(HEADER), key)
        while tag != LAST:
            block, tag = crypto_secretstream_xchacha20poly1305_pull(state, ciphertext.read(BLOCK + OVERHEAD))
            yield block[: max(left, 0)]
            left -= len(block)
    except (CryptoError, ValueError, RuntimeError):
        raise PaperDamaged from None
    if left > 0 or ciphertext.read(1):
        raise PaperDamaged


def sealed_about(key: bytes, about: dict[str, Any]) -> bytes:
    """Return what is known of a paper as ciphertext under its own key; its length says nothing."""
    told = json.dumps(about, ensure_ascii=False).encode()
    return bytes(SecretBox(key).encrypt(told + b" " * (-len(told) % STEP)))


def plain_about(key: bytes, ciphertext: bytes) -> dict[str, Any]:
    """Return what is known of a paper, or raise PaperDamaged."""
    try:
        about: dict[str, Any] = json.loads(SecretBox(key).decrypt(ciphertext))
    except (CryptoError, ValueError):
        raise PaperDamaged from None
    return about
