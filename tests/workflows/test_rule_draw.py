"""The draw of experts: repeated by anybody, decided by nobody, everybody as likely as the others."""

import hmac
import json
from collections import Counter
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.rules.draw import draw_mistakes, order, pool_hash, seed

POOL = [f"ZJ26-0000-{number:04d}" for number in range(9)]
NOTE = "shuniu/1\n42\nAAAA\n\n— shuniu/1 BBBB\n"
pools = st.lists(st.text("0123456789abc", min_size=1, max_size=8), min_size=1, max_size=20, unique=True)


@given(pools, st.text(max_size=40), st.randoms())
def test_a_draw_is_the_same_however_the_pool_is_listed(members, note, random):
    mixed = random.sample(members, len(members))
    drawn = order(members, seed(pool_hash(members), note))

    assert order(mixed, seed(pool_hash(mixed), note)) == drawn
    assert sorted(drawn) == sorted(members)
    assert draw_mistakes(mixed, pool_hash(members), note, drawn) == []


def test_a_few_lines_without_our_code_repeat_it():
    text = json.dumps(sorted(POOL), separators=(",", ":"), ensure_ascii=False).encode()
    told = json.dumps(["shuniu-draw-1", sha256(text).hexdigest(), NOTE], separators=(",", ":"), ensure_ascii=False)
    key = sha256(told.encode()).digest()
    by_hand = sorted(POOL, key=lambda member: hmac.new(key, member.encode(), sha256).hexdigest())

    assert order(POOL, seed(pool_hash(POOL), NOTE)) == by_hand


def test_every_member_is_drawn_about_as_often_as_any_other():
    times, seats = 3000, 3
    drawn = Counter(
        member for number in range(times)
        for member in order(POOL, seed(pool_hash(POOL), f"{NOTE}{number}"))[:seats]
    )

    # 1000 each on average with a deviation of 26: seven of them are far beyond chance, and the seeds are fixed.
    assert all(abs(count - times * seats / len(POOL)) < 180 for count in drawn.values())
    assert set(drawn) == set(POOL)


@pytest.mark.parametrize("change", ["pool", "checkpoint", "order", "short"])
def test_any_change_of_a_draw_is_told(change: str):
    published = pool_hash(POOL)
    drawn = order(POOL, seed(published, NOTE))
    members, note = list(POOL), NOTE
    if change == "pool":
        members[0] = "ZJ26-9999-9999"
    elif change == "checkpoint":
        note += " "
    elif change == "order":
        drawn[0], drawn[1] = drawn[1], drawn[0]
    else:
        drawn.pop()

    assert len(draw_mistakes(members, published, note, drawn)) == 1


def test_nobody_stands_in_a_pool_twice():
    with pytest.raises(ValueError, match="twice"):
        pool_hash(["a", "a"])
