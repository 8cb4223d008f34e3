"""Signed notes and checkpoints, as others read and write them."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.audit.proofs import Checkpoint as Read
from app.audit.proofs import read_checkpoint
from app.cases.notes import Checkpoint, NoteError, make_checkpoint, parse_checkpoint, sign_note, verify_note

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
ORIGIN = "shuniu.example/2026"
BODY = make_checkpoint(ORIGIN, 12, bytes(32))


def test_a_checkpoint_is_origin_size_and_root_on_three_lines():
    assert f"{ORIGIN}\n12\n{'A' * 43}=\n" == BODY
    assert parse_checkpoint(BODY) == Checkpoint(ORIGIN, 12, bytes(32))


def test_a_note_signed_by_go_is_read():
    # The example of golang.org/x/mod/sumdb/note, whose format C2SP took over.
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n\n"
        "\N{EM DASH} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcE"
        "lZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    public_key = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]

    assert verify_note(text, "PeterNeumann", public_key) == text.partition("\n\n")[0] + "\n"


def test_a_signed_note_is_read_by_us_and_by_the_verifier():
    text = sign_note(BODY, ORIGIN, KEY)

    assert verify_note(text, ORIGIN, PUBLIC) == BODY
    assert read_checkpoint(text.encode(), ORIGIN, PUBLIC) == Read(12, bytes(32))


def test_lines_of_other_keys_are_let_be():
    witness = Ed25519PrivateKey.from_private_bytes(bytes(32))
    cosigned = sign_note(BODY, ORIGIN, KEY) + sign_note(BODY, "witness.example", witness).partition("\n\n")[2]

    assert verify_note(cosigned, ORIGIN, PUBLIC) == BODY
    assert verify_note(cosigned, "witness.example", witness.public_key().public_bytes_raw()) == BODY
    assert read_checkpoint(cosigned.encode(), ORIGIN, PUBLIC) == Read(12, bytes(32))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("12", "13"),
        lambda text: text[:-1],
        lambda text: text.replace("\n\n", "\n"),
        lambda text: text.replace(" shuniu", "  shuniu"),
        lambda text: text + text.splitlines(keepends=True)[-1],
        lambda text: text[:-6] + "AAAA=\n",
        lambda text: text.replace("\N{EM DASH}", "-"),
        lambda text: "",
        lambda text: "\n\n",
    ],
)
def test_a_changed_note_is_refused(change):
    text = change(sign_note(BODY, ORIGIN, KEY))

    with pytest.raises(NoteError):
        verify_note(text, ORIGIN, PUBLIC)


def test_a_note_is_refused_to_another_name_and_another_key():
    text = sign_note(BODY, ORIGIN, KEY)

    with pytest.raises(NoteError):
        verify_note(text, "another.example", PUBLIC)
    with pytest.raises(NoteError):
        verify_note(
            text, ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
        )


@pytest.mark.parametrize("body", ["", "no break", "an\n\nempty line\n", "a\ttab\n"])
def test_a_body_that_no_note_can_have_is_not_signed(body):
    with pytest.raises(NoteError):
        sign_note(body, ORIGIN, KEY)


@pytest.mark.parametrize("name", ["", "two words", "plus+plus", "line\nbreak"])
def test_a_name_that_no_key_can_have_does_not_sign(name):
    with pytest.raises(NoteError):
        sign_note(BODY, name, KEY)


@pytest.mark.parametrize(
    "parts", [("", 1, bytes(32)), ("a\nb", 1, bytes(32)), ("a", -1, bytes(32)), ("a", 1, b"")]
)
def test_an_impossible_checkpoint_is_not_made(parts):
    with pytest.raises(NoteError):
        make_checkpoint(*parts)


@pytest.mark.parametrize(
    "body", ["", "a\n", "a\n1\n", "a\n01\n" + "A" * 43 + "=\n", "a\n1\nAAAA\n", BODY + "more\n"]
)
def test_a_body_that_is_no_checkpoint_is_refused(body):
    with pytest.raises(NoteError):
        parse_checkpoint(body)
