"""Which passwords may be chosen, and how they are kept and checked."""

import threading

import pytest

from app.access import passwords
from app.access.passwords import Cost, Mistyped, check_choice, hash_password, is_outdated, is_password
from app.errors import TryAgain

GOOD = "three-lanterns-by-the-lake"


def test_the_right_password_is_recognised_and_no_other():
    kept = hash_password(GOOD)

    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert is_password(GOOD, kept)
    assert not is_password(GOOD + " ", kept)
    assert not is_password("", kept)


def test_two_hashes_of_one_password_differ():
    assert hash_password(GOOD) != hash_password(GOOD)


def test_nobodys_hash_is_verified_at_the_same_cost_and_never_right():
    assert passwords.NOBODYS_HASH.startswith(passwords.DEFAULT_COST.prefix)
    assert not is_password(GOOD, None)
    assert not is_password("", None)


def test_the_same_characters_from_another_input_method_are_the_same_password():
    assert is_password("ｌantern８８-lake", hash_password("lantern88-lake"))


def test_a_password_of_another_cost_is_outdated():
    assert is_outdated(hash_password(GOOD, Cost(passes=1, memory_kib=1024)))
    assert not is_outdated(hash_password(GOOD))


@pytest.mark.parametrize("password", [GOOD, "月上柳梢头人约黄昏后", "x7#kPw2!", "a" * 60 + "bcd" * 20])
def test_long_or_unusual_passwords_may_be_chosen(password):
    assert check_choice(password, login="linxi", name="林小溪") is None


@pytest.mark.parametrize(
    "password",
    [
        "",
        "short12",
        "a" * 129,
        "12345678",
        "Password123",
        "ｐａｓｓｗｏｒｄ",
        "aaaaaaaabbb",
        "linxiaoxi-2026",
        "XIAOXI.linx@w",
    ],
)
def test_short_common_or_guessable_passwords_may_not(app, password):
    with pytest.raises(Mistyped) as raised:
        check_choice(password, login="linxiaoxi" if "lin" in password.lower() else "mei", name="XIAOXI")

    assert str(raised.value.message)


def test_a_password_beyond_the_longest_is_refused_without_being_hashed(monkeypatch):
    hashed = []
    monkeypatch.setattr(passwords, "_bytes_of", lambda text: hashed.append(text) or b"")

    assert not is_password("x" * 5000, hash_password(GOOD))
    assert "x" * 5000 not in hashed


def test_a_crowd_is_sent_away_instead_of_taking_all_memory(app, monkeypatch):
    monkeypatch.setattr(passwords, "PATIENCE_SECONDS", 0.01)
    for _ in range(passwords.HASHES_AT_ONCE):
        passwords._slots.acquire()
    try:
        with pytest.raises(TryAgain):
            is_password(GOOD, None)
    finally:
        for _ in range(passwords.HASHES_AT_ONCE):
            passwords._slots.release()

    assert not is_password(GOOD, None)


def test_a_place_for_hashing_is_given_back_after_a_failure():
    threads = [threading.Thread(target=is_password, args=(GOOD, None)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not is_password(GOOD, None)
