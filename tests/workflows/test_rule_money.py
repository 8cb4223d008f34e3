"""Amounts: read exactly or refused, printed with separators, spelled as vouchers spell them."""

from itertools import pairwise

import cn2an
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from workflows.rules.money import LARGEST_FEN, MoneyError, format_yuan, in_words, parse_yuan

amounts = st.integers(min_value=0, max_value=LARGEST_FEN)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("0", 0),
        ("0.01", 1),
        ("100", 100_00),
        ("1,000.00", 1000_00),
        ("1286500.5", 1286500_50),
        (" 12.30 ", 12_30),
        ("１００", 100_00),
        ("１，０００．５０", 1000_50),
        ("¥1,286,500.00", 1286500_00),
        ("￥ 12", 12_00),
        ("007", 7_00),
        ("12元", 12_00),
        ("128.65万元", 1286500_00),
        ("128.65 万", 1286500_00),
        ("0.000001万元", 1),
        ("1.2亿元", 120_000_000_00),
        ("10000000000000.00", LARGEST_FEN),
    ],
)
def test_an_amount_is_read_to_the_fen(text, fen):
    assert parse_yuan(text) == fen


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "money_empty"),
        ("   ", "money_empty"),
        ("　", "money_empty"),
        ("1.005", "money_decimals"),
        ("1.000", "money_decimals"),
        ("0.0000001万元", "money_decimals"),
        ("1e3", "money_exponent"),
        ("1E3", "money_exponent"),
        ("1.5e-3", "money_exponent"),
        ("-0", "money_sign"),
        ("-1", "money_sign"),
        ("+1", "money_sign"),
        ("－１", "money_sign"),
        ("−1", "money_sign"),
        ("¥-1", "money_sign"),
        ("(1.00)", "money_sign"),
        ("1-", "money_sign"),
        ("NaN", "money_not_a_number"),
        ("sNaN", "money_not_a_number"),
        ("Infinity", "money_not_a_number"),
        ("inf", "money_not_a_number"),
        ("0x10", "money_not_a_number"),
        ("1_000", "money_not_a_number"),
        ("1 000", "money_not_a_number"),
        ("1,00", "money_not_a_number"),
        ("1,0000", "money_not_a_number"),
        (",100", "money_not_a_number"),
        ("1000,000", "money_not_a_number"),
        ("1,000,", "money_not_a_number"),
        ("1.2.3", "money_not_a_number"),
        ("1.", "money_not_a_number"),
        (".5", "money_not_a_number"),
        (".", "money_not_a_number"),
        ("元", "money_not_a_number"),
        ("¥", "money_not_a_number"),
        ("一百", "money_not_a_number"),
        ("壹佰元整", "money_not_a_number"),
        ("12 US$", "money_not_a_number"),
        ("$12", "money_not_a_number"),
        ("1/2", "money_not_a_number"),
        ("½", "money_not_a_number"),
        ("²", "money_not_a_number"),
        ("10²", "money_not_a_number"),
        ("①", "money_not_a_number"),
        ("1㉑", "money_not_a_number"),
        ("𝟙", "money_not_a_number"),
        ("٣", "money_not_a_number"),
        ("१२", "money_not_a_number"),
        ("1\n2", "money_not_a_number"),
        ("1\x00", "money_not_a_number"),
        ("1\u200b0", "money_not_a_number"),
        ("null", "money_not_a_number"),
        ("true", "money_not_a_number"),
        ("=1+1", "money_not_a_number"),
        ("1;2", "money_not_a_number"),
        ("9" * 5000, "money_not_a_number"),
        ("10000000000000.01", "money_too_large"),
        (str(2**63), "money_too_large"),
        ("9999999亿元", "money_too_large"),
    ],
)
def test_what_is_no_amount_is_refused_with_its_reason(text, code):
    with pytest.raises(MoneyError) as refused:
        parse_yuan(text)

    assert refused.value.code == code
    assert refused.value.text.zh
    assert refused.value.text.en


@pytest.mark.parametrize("value", [12, 12.5, None, b"12", ["12"]])
def test_only_text_is_read(value):
    with pytest.raises(MoneyError):
        parse_yuan(value)


@given(st.text(max_size=60))
def test_any_text_is_an_amount_or_a_reason_never_another_error(text):
    try:
        fen = parse_yuan(text)
    except MoneyError:
        return
    assert 0 <= fen <= LARGEST_FEN


@given(amounts)
def test_what_is_printed_is_read_back(fen):
    assert parse_yuan(format_yuan(fen)) == fen


def test_amounts_are_printed_with_separators_and_both_decimals():
    assert format_yuan(128650000) == "1,286,500.00"
    assert format_yuan(5) == "0.05"
    assert format_yuan(-123456) == "-1,234.56"
    assert format_yuan(0) == "0.00"


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (1409_50, "壹仟肆佰零玖元伍角整"),
        (6007_14, "陆仟零柒元壹角肆分"),
        (107000_53, "壹拾万柒仟元伍角叁分"),
        (16409_02, "壹万陆仟肆佰零玖元零贰分"),
        (100000001_05, "壹亿零壹元零伍分"),
        (65219184_72, "陆仟伍佰贰拾壹万玖仟壹佰捌拾肆元柒角贰分"),
        (0, "零元整"),
        (5, "伍分"),
        (50, "伍角整"),
        (10_05, "壹拾元零伍分"),
        (100001000_00, "壹亿零壹仟元整"),
        (1000010000_00, "壹拾亿零壹万元整"),
        (LARGEST_FEN, "壹拾万亿元整"),
    ],
)
def test_amounts_are_spelled_as_on_vouchers(fen, words):
    assert in_words(fen) == words


@given(amounts | st.text("01", min_size=1, max_size=15).map(int))
def test_the_words_are_those_of_cn2an_with_the_closing_word_after_jiao(fen):
    whole = fen // 100
    groups = [whole // 10_000**n % 10_000 for n in range(4)]
    # cn2an leaves out 零 where a whole empty group stands before a full one (壹亿壹仟 for 100001000).
    assume(not any(above == 0 and group >= 1000 and whole // 10_000 ** (n + 2)
                   for n, (group, above) in enumerate(pairwise(groups))))

    spelled = cn2an.an2cn(f"{whole}.{fen % 100:02d}" if fen % 100 else str(whole), "rmb")

    assert in_words(fen) == spelled + ("整" if spelled.endswith("角") else "")


@pytest.mark.parametrize("fen", [-1, LARGEST_FEN + 1])
def test_amounts_out_of_range_have_no_words(fen):
    with pytest.raises(MoneyError):
        in_words(fen)
