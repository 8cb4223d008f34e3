"""Unified social credit codes: both check characters, the parts, and real lists."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.rules.uscc import ALPHABET, UsccError, issue, normalize, parse

SHARED_DATA = Path(__file__).parents[3] / "shared" / "data"
REAL = "52110102MJ02053479"


def test_a_code_says_registrar_division_and_subject():
    code = parse(REAL)

    assert code.code == REAL
    assert code.type_code == "52"
    assert code.division == "110102"
    assert code.subject == "MJ0205347"
    assert code.legal_type == "social_service"


@pytest.mark.parametrize(
    ("code", "legal_type"),
    [("51110000500317549R", "association"), (REAL, "social_service"), ("53100000500021326D", "foundation")],
)
def test_the_legal_type_is_read_from_the_code(code, legal_type):
    assert parse(code).legal_type == legal_type


def test_codes_are_read_in_the_spellings_that_lists_have():
    assert parse(" 52110102mj02053479 ").code == REAL
    assert parse("５２１１０１０２ＭＪ０２０５３４７９").code == REAL
    assert normalize("52-110102 mj0205347-9") == REAL


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "length"),
        (REAL[:-1], "length"),
        (REAL + "0", "length"),
        ("52110102MJO2053479", "alphabet"),
        ("52110102MJ0205347I", "alphabet"),
        ("5211A102MJ02053479", "alphabet"),
        ("52110102中J02053479", "alphabet"),
        ("52110102MJ02053489", "subject_check_digit"),
        ("52110102MJ02053478", "check_digit"),
        ("53100000500020462H", "check_digit"),
        ("52110000MJ1234567A", "subject_check_digit"),
    ],
)
def test_a_wrong_code_is_refused_with_the_reason(text, reason):
    with pytest.raises(UsccError) as refused:
        parse(text)

    assert refused.value.code == reason
    assert refused.value.text.zh
    assert refused.value.text.en


@given(
    st.sampled_from(["51", "52", "53", "59"]),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(ALPHABET, min_size=8, max_size=8),
)
def test_an_issued_code_is_well_formed_and_says_what_went_in(type_code, division, body):
    code = parse(issue(type_code, division, body))

    assert (code.type_code, code.division, code.subject[:8]) == (type_code, division, body)


@given(st.text(ALPHABET, min_size=8, max_size=8), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_mistyped_character_is_always_noticed(body, position, typed):
    code = issue("52", "110102", body)
    mistyped = code[:position] + typed + code[position + 1 :]

    if mistyped == code:
        assert parse(mistyped).code == code
    else:
        with pytest.raises(UsccError):
            parse(mistyped)


@pytest.mark.parametrize(
    "parts", [("5", "110102", "MJ020534"), ("52", "1101", "MJ020534"), ("52", "110102", "MJ0205")]
)
def test_no_code_is_issued_from_parts_of_a_wrong_length(parts):
    with pytest.raises(UsccError):
        issue(*parts)


def test_no_code_is_issued_with_a_letter_that_codes_do_not_have():
    with pytest.raises(UsccError):
        issue("52", "110102", "MI020534")


@pytest.mark.parametrize(
    "name", ["beijing_social_org_licences.csv", "beijing_assessed_orgs_sample.csv"]
)
def test_every_code_of_a_real_list_is_well_formed(name):
    file = SHARED_DATA / name
    if not file.exists():
        pytest.skip(f"needs {file}, which is not part of the project")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        codes = [row["uscc"] for row in csv.DictReader(lines)]

    assert len(codes) > 20
    assert [code for code in codes if parse(code).code != normalize(code)] == []
