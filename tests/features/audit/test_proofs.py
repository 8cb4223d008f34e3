"""Signatures and proofs of the verifier, beside a library that many have looked at."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from app.audit import proofs
from tests.builders_bundle import ORIGIN, Log
from workflows.rules.merkle import leaf_hash


@settings(max_examples=25)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511))
def test_signatures_are_judged_as_the_library_judges_them(seed, message, bit):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8

    assert proofs.is_signed(public, message, signature)
    assert not proofs.is_signed(public, message, bytes(flipped))
    assert not proofs.is_signed(public, message + b"\0", signature)


def test_the_test_vectors_of_rfc_8032_hold():
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )

    assert proofs.is_signed(public, b"\x72", signature)
    assert not proofs.is_signed(public, b"\x73", signature)


def test_a_second_spelling_of_a_good_signature_is_refused():
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public, signature = key.public_key().public_bytes_raw(), key.sign(b"m")
    s = int.from_bytes(signature[32:], "little")

    assert not proofs.is_signed(public, b"m", signature[:32] + (s + proofs.ORDER).to_bytes(32, "little"))
    assert not proofs.is_signed(public, b"m", signature + b"\0")
    assert not proofs.is_signed(public, b"m", signature[:-1])


@pytest.mark.parametrize(
    "spelled", [b"\xff" * 32, (2**255 - 18).to_bytes(32, "little"), b"", bytes(31), bytes(33)]
)
def test_bytes_that_are_no_point_are_no_key(spelled):
    with pytest.raises(ValueError):
        proofs.is_signed(spelled, b"", bytes(64))


@pytest.mark.parametrize("text", ["AB==", "AAA", "AA A=", "AAA=\n", "!!!!", "AAAA====", "QQ=="[:-1] + "x"])
def test_base64_has_one_spelling(text):
    with pytest.raises(ValueError):
        proofs.from_base64(text)


@given(st.binary(max_size=100))
def test_base64_in_its_one_spelling_is_read(data):
    assert proofs.from_base64(base64.b64encode(data).decode()) == data


def test_continuation_agrees_with_the_rules_for_all_sizes():
    log = Log()
    for n in range(20):
        log.move(f"X-{n}", "apply", "applied")
    heads = [proofs.read_checkpoint(log.checkpoint(size), ORIGIN, log.public_key) for size in range(1, 21)]
    forged = proofs.Checkpoint(3, leaf_hash(b"forged"))

    for older in heads:
        proof = [proofs.from_base64(text) for text in log.consistency(older.size)["proof"]]
        assert proofs.is_continued(older, heads[-1], proof)
        if older.size < 20:
            assert not proofs.is_continued(heads[-1], older, proof)
    assert not proofs.is_continued(
        forged, heads[-1], [proofs.from_base64(text) for text in log.consistency(3)["proof"]]
    )
