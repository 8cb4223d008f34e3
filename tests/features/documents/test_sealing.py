"""The ciphertext of a paper: nothing can be cut off, swapped or read with another key, and its length says little."""

import io

import pytest

from app.documents.sealing import (
    BLOCK,
    PaperDamaged,
    new_key,
    plain_about,
    plain_blocks,
    sealed_about,
    sealed_blocks,
)
from tests.builders_papers import with_another_byte


def sealed(key: bytes, content: bytes) -> bytes:
    return b"".join(sealed_blocks(key, io.BytesIO(content)))


def opened(key: bytes, ciphertext: bytes, size: int) -> bytes:
    return b"".join(plain_blocks(key, io.BytesIO(ciphertext), size))


@pytest.mark.parametrize("size", [1, 4095, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3 * BLOCK + 7])
def test_what_was_sealed_comes_back_whole(size: int):
    key, content = new_key(), bytes(n % 251 for n in range(size))
    ciphertext = sealed(key, content)

    assert opened(key, ciphertext, size) == content
    assert content[:64] not in ciphertext or size < 64


def test_papers_of_about_the_same_length_have_the_same_length():
    key = new_key()

    assert len({len(sealed(key, b"x" * size)) for size in (1, 500, BLOCK)}) == 1
    assert len({len(sealed_about(key, {"name": "n" * size})) for size in (1, 50, 200)}) == 1


def test_a_changed_cut_or_lengthened_file_is_damaged():
    key, content = new_key(), b"y" * (2 * BLOCK + 5)
    whole = sealed(key, content)
    step = len(whole) // 3
    for wrong in (
        b"", whole[:10], whole[:-1], whole[: -(BLOCK + 17)], whole + b"z", whole[:24] + whole[24 + BLOCK + 17:],
        with_another_byte(whole, at=step), with_another_byte(whole, at=0), with_another_byte(whole, at=len(whole) - 1),
    ):
        with pytest.raises(PaperDamaged):
            opened(key, wrong, len(content))
    with pytest.raises(PaperDamaged):
        opened(new_key(), whole, len(content))
    with pytest.raises(PaperDamaged):
        opened(key, whole, len(content) + 2 * BLOCK)


def test_what_is_known_of_a_paper_is_read_with_its_own_key_only():
    key = new_key()
    told = sealed_about(key, {"name": "报价.pdf", "size": 3})

    assert plain_about(key, told) == {"name": "报价.pdf", "size": 3}
    assert "报价".encode() not in told
    for wrong_key, wrong in ((new_key(), told), (key, told[:-1]), (key, b"")):
        with pytest.raises(PaperDamaged):
            plain_about(wrong_key, wrong)
