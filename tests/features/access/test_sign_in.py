"""Who is let in, how fast somebody may guess, and how long a session lives."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.access.accounts import disable, enable
from app.access.models import Account, SignInAttempt, SignInSession
from app.access.passwords import Cost, hash_password
from app.access.sign_in import (
    Limits,
    NotRecognised,
    end_all_sessions,
    end_own_session,
    end_session,
    known_by_session,
    open_session,
    open_sessions,
    sign_in,
)
from app.access.throttle import ADDRESS_PACE, LOGIN_PACE, LONGEST_WAIT, Throttled, admit
from app.access.tokens import issue_token, known_by_token, open_tokens, revoke_own_token
from app.extensions import db
from tests.builders_access import PASSWORD, a_person, an_account

LIMITS = Limits(idle=timedelta(minutes=30), absolute=timedelta(hours=12))
MINUTE = timedelta(minutes=1)


@pytest.fixture
def person(session):
    person = a_person(session, login="linxi", password=PASSWORD)
    session.commit()
    return person


def enter(
    session, now, *, login="linxi", password=PASSWORD, address="192.0.2.1", device=None, old_token=None
):
    return sign_in(
        session,
        login=login,
        password=password,
        address=address,
        device=device,
        user_agent="test",
        now=now,
        old_token=old_token,
    )


def known(session, token, now):
    return known_by_session(session, token, now=now, limits=LIMITS)


def test_login_and_password_open_a_session(session, person, now):
    token, account = enter(session, now, login=" LinXi ")

    found = known(session, token, now)

    assert (found.person_id, found.account_id, found.name) == (person.id, account.id, "林小溪")


def test_only_the_digest_of_a_session_is_kept(session, person, now):
    token, _ = enter(session, now)

    assert token.encode() not in session.scalars(select(SignInSession.token_digest)).one()
    assert len(session.scalars(select(SignInSession.token_digest)).one()) == 32


@pytest.mark.parametrize(
    "login, password", [("linxi", "wrong-password"), ("nobody", PASSWORD), ("linxi", "")]
)
def test_whatever_is_wrong_is_refused_in_one_way(session, person, now, login, password):
    with pytest.raises(NotRecognised):
        enter(session, now, login=login, password=password)

    assert session.scalars(select(SignInSession)).all() == []
    assert session.scalars(select(SignInAttempt.succeeded)).all() == [False]


def test_an_account_without_a_password_cannot_be_signed_in_to(session, person, now):
    an_account(session, person, login="program")
    session.commit()

    with pytest.raises(NotRecognised):
        enter(session, now, login="program", password="")


def test_the_session_from_before_is_ended_by_signing_in(session, person, now):
    first, _ = enter(session, now)
    second, _ = enter(session, now, old_token=first)

    assert first != second
    assert known(session, first, now) is None
    assert known(session, second, now) is not None


def test_a_session_unused_for_too_long_is_over(session, person, now):
    token, _ = enter(session, now)

    assert known(session, token, now + LIMITS.idle - MINUTE) is not None
    assert known(session, token, now + LIMITS.idle - MINUTE + LIMITS.idle) is None


def test_a_session_in_use_lives_on_but_not_for_ever(session, person, now):
    token, _ = enter(session, now)
    moment, lived = now, None
    while known(session, token, moment):
        lived = moment
        moment += timedelta(minutes=20)

    assert LIMITS.absolute - timedelta(minutes=20) <= lived - now < LIMITS.absolute


def test_use_is_noted_once_a_minute_only(session, person, now):
    token, _ = enter(session, now)

    known(session, token, now + timedelta(seconds=59))
    assert session.scalars(select(SignInSession.last_seen_at)).one() == now

    known(session, token, now + timedelta(seconds=61))
    assert session.scalars(select(SignInSession.last_seen_at)).one() == now + timedelta(seconds=61)


def test_an_ended_session_is_over_at_once(session, person, now):
    token, _ = enter(session, now)

    end_session(session, token=token, now=now)

    assert known(session, token, now) is None


def test_a_person_ends_their_own_sessions_and_nobody_elses(session, person, now):
    other = a_person(session, login="other")
    mine, _ = enter(session, now)
    theirs = open_session(session, account_id=other.accounts[0].id, user_agent="", now=now)
    here = known(session, mine, now)
    there = known(session, theirs, now)

    assert not end_own_session(session, session_id=there.session_id, account_id=here.account_id, now=now)
    assert end_own_session(session, session_id=here.session_id, account_id=here.account_id, now=now)

    assert known(session, mine, now) is None
    assert known(session, theirs, now) is not None


def test_all_sessions_but_one_are_ended(session, person, now):
    tokens = [enter(session, now)[0] for _ in range(3)]
    kept = known(session, tokens[1], now)

    assert end_all_sessions(session, kept.account_id, now=now, but=kept.session_id) == 2

    assert [known(session, token, now) is not None for token in tokens] == [False, True, False]
    assert [row.id for row in open_sessions(session, kept.account_id, now=now, limits=LIMITS)] == [
        kept.session_id
    ]


def test_a_disabled_account_is_out_at_once_and_its_sessions_stay_ended(session, person, now):
    token, account = enter(session, now)
    program = issue_token(session, account_id=account.id, name="x", now=now)

    disable(session, account, by=None, now=now)
    session.commit()

    assert known(session, token, now) is None
    assert known_by_token(session, program, now=now) is None
    with pytest.raises(NotRecognised):
        enter(session, now)
    enable(session, account, by=None, now=now)
    session.commit()
    assert known(session, token, now) is None
    assert known_by_token(session, program, now=now) is None
    assert enter(session, now)[0]


def test_two_accounts_of_one_person_are_one_person(session, person, now):
    an_account(session, person, login="linxi-hub", password=PASSWORD)
    session.commit()

    first, second = enter(session, now)[0], enter(session, now, login="linxi-hub")[0]

    one, two = known(session, first, now), known(session, second, now)
    assert one.account_id != two.account_id
    assert one.person_id == two.person_id


def test_a_token_opens_until_it_expires_or_is_revoked(session, person, now):
    account_id = person.accounts[0].id
    short = issue_token(session, account_id=account_id, name="short", now=now, life=timedelta(days=1))
    revoked = issue_token(session, account_id=account_id, name="revoked", now=now)
    session.commit()
    token_id = open_tokens(session, account_id, now=now)[0].id

    assert known_by_token(session, short, now=now).person_id == person.id
    assert known_by_token(session, short, now=now + timedelta(days=1)) is None
    assert known_by_token(session, short[:-1], now=now) is None
    assert not revoke_own_token(session, token_id=token_id, account_id=account_id + 1, now=now)
    assert known_by_token(session, revoked, now=now) is not None
    assert revoke_own_token(session, token_id=token_id, account_id=account_id, now=now)
    assert known_by_token(session, revoked, now=now) is None


def test_no_token_lives_longer_than_a_year(session, person, now):
    token = issue_token(
        session, account_id=person.accounts[0].id, name="long", now=now, life=timedelta(days=9999)
    )

    assert known_by_token(session, token, now=now + timedelta(days=366)) is None


def guess_for(session, now, span, **named):
    """Guess as fast as one is let; return how many guesses were looked at within the span."""
    moment, guesses = now, 0
    while moment < now + span:
        try:
            admit(session, now=moment, **named)
            guesses += 1
        except Throttled as wait:
            moment += timedelta(seconds=wait.retry_after)
    return guesses


def test_a_login_is_guessed_at_no_more_than_ten_times_in_a_quarter_of_an_hour(session, now):
    addresses = (f"192.0.2.{number}" for number in range(1, 255))
    moment, guesses = now, 0
    while moment < now + timedelta(minutes=15):
        try:
            admit(session, login="linxi", address=next(addresses), device=None, now=moment)
            guesses += 1
        except Throttled as wait:
            moment += timedelta(seconds=wait.retry_after)

    assert guesses == 10


def test_an_address_is_let_guess_no_more_than_a_hundred_times_whatever_the_login(session, now):
    moment, guesses = now, 0
    for number in range(500):
        try:
            admit(session, login=f"person{number}", address="192.0.2.1", device=None, now=moment)
            guesses += 1
        except Throttled as wait:
            moment += timedelta(seconds=wait.retry_after)
        if moment >= now + timedelta(minutes=15):
            break

    assert ADDRESS_PACE.free <= guesses <= 100


def test_the_wait_doubles_and_never_exceeds_a_quarter_of_an_hour():
    waits = [LOGIN_PACE.wait_after(failures).total_seconds() for failures in range(2, 13)]

    assert waits == [0, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert LOGIN_PACE.wait_after(10_000) == LONGEST_WAIT


def test_after_the_wait_the_owner_is_let_in_and_starts_afresh(session, person, now):
    for _ in range(3):
        with pytest.raises(NotRecognised):
            enter(session, now, password="wrong-password")
    with pytest.raises(Throttled) as wait:
        enter(session, now)

    later = now + timedelta(seconds=wait.value.retry_after)
    assert enter(session, later)[0]

    with pytest.raises(NotRecognised):
        enter(session, later, password="wrong-password")
    assert enter(session, later)[0]


def test_waiting_is_not_made_longer_by_trying_meanwhile(session, person, now):
    for _ in range(3):
        with pytest.raises(NotRecognised):
            enter(session, now, password="wrong-password")
    waits = []
    for second in range(3):
        with pytest.raises(Throttled) as wait:
            enter(session, now + timedelta(seconds=second))
        waits.append(wait.value.retry_after)

    assert waits == [4, 3, 2]


def test_a_login_that_nobody_has_is_slowed_down_just_the_same(session, now):
    for _ in range(3):
        with pytest.raises(NotRecognised):
            enter(session, now, login="nobody")
    with pytest.raises(Throttled):
        enter(session, now, login="nobody")


def test_strangers_do_not_slow_down_the_owner_on_a_known_device(session, person, now):
    guess_for(session, now, timedelta(minutes=5), login="linxi", address="198.51.100.9", device=None)
    with pytest.raises(Throttled):
        enter(session, now + timedelta(minutes=5))

    assert enter(session, now + timedelta(minutes=5), device=b"known")[0]


def test_a_known_device_is_slowed_down_by_its_own_failures(session, person, now):
    for _ in range(3):
        with pytest.raises(NotRecognised):
            enter(session, now, password="wrong-password", device=b"known")
    with pytest.raises(Throttled):
        enter(session, now, device=b"known")


def test_a_success_of_ones_own_does_not_buy_more_guesses_at_others(session, person, now):
    for number in range(ADDRESS_PACE.free):
        admit(session, login=f"victim{number}", address="192.0.2.1", device=None, now=now)
        if number == ADDRESS_PACE.free // 2:
            enter(session, now)

    with pytest.raises(Throttled):
        admit(session, login="next", address="192.0.2.1", device=None, now=now)


def test_a_hundred_guesses_at_once_are_counted_one_by_one(app, now):
    def guess(number):
        with app.app_context():
            try:
                admit(db.session, login="linxi", address=f"192.0.2.{number % 200}", device=None, now=now)
                return True
            except Throttled:
                return False

    with ThreadPoolExecutor(8) as pool:
        admitted = sum(pool.map(guess, range(100)))

    assert admitted == LOGIN_PACE.free


def test_a_hash_of_another_cost_is_made_anew_when_its_owner_signs_in(session, person, now):
    from_before = "$argon2id$v=19$m=1024,t=1,p=1$"
    account = person.accounts[0]
    account.password_hash = hash_password(PASSWORD, Cost(passes=1, memory_kib=1024))
    session.commit()
    assert account.password_hash.startswith(from_before)

    enter(session, now)

    assert session.get(Account, account.id).password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
