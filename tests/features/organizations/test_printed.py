"""What printed values mean: dates in several spellings, document numbers, grades, authorities, divisions."""

from datetime import date

import pytest

from app.organizations import printed
from app.organizations.divisions import DIVISIONS, NoDivisionCode, chain, division, registrar_of
from app.organizations.standing import Published, standing_from

TODAY = date(2026, 3, 2)
DAY = date(2017, 10, 13)


@pytest.mark.parametrize("spelling", [
    "2017-10-13", "2017/10/13", "2017.10.13", "20171013", "2017年10月13日", " 2017-10-13 ", "２０１７-10-13",
    "2017-10-13 00:00:00", "2017-10-13T00:00:00", "2017/10/13 0:00", "13/10/2017 00:00:00", "10/13/2017",
    "13.10.2017", "43021", "43021.0", "二〇一七年十月十三日", "20171013000000", "2017 年 10 月 13 日",
])
def test_a_date_is_read_in_its_spelling(spelling):
    assert printed.date_of(spelling, today=TODAY) == DAY


@pytest.mark.parametrize(("spelling", "why"), [
    ("5/11/2018", "Which is the day"),
    ("2017-13-01", "no such day"),
    ("2023-02-29", "no such day"),
    ("2026-03-03", "future"),
    ("1900-01-01", "before 1 October 1949"),
    ("13/10/17", "no date"),
    ("昨天", "no date"),
    ("2017", "no date"),
    ("99999", "no date"),
])
def test_an_unclear_date_is_refused_with_the_reason(spelling, why):
    with pytest.raises(printed.Unclear) as refused:
        printed.date_of(spelling, today=TODAY)

    assert why in refused.value.text.en


def test_day_and_month_that_are_equal_leave_nothing_to_guess():
    assert printed.date_of("5/5/2018 00:00:00", today=TODAY) == date(2018, 5, 5)


@pytest.mark.parametrize("spelling", [
    "京民民许准登字〔2017〕420号", "京民民许准登字﹝2017﹞420号", "京民民许准登字[2017]420号",
    "京民民许准登字【2017】420号", "京民民许准登字（2017）420号", " 京民民许准登字 (2017) 420 号",
    "京民民许准登字〔２０１７〕４２０号",
])
def test_a_document_number_has_one_spelling(spelling):
    assert printed.document_number(spelling) == "京民民许准登字〔2017〕420号"


@pytest.mark.parametrize(("doc_no", "category"), [
    ("京民社许准成字〔2017〕1号", "establishment"),
    ("京民民许准登字〔2017〕1号", "establishment"),
    ("某区民政局关于某协会的登记许可", "establishment"),
    ("京民基许准变字〔2017〕1号", "change"),
    ("某区民政局关于某协会变更登记的批复", "change"),
    ("京民社许准注字〔2017〕1号", "cancellation"),
    ("某民执罚〔2020〕1号", "penalty"),
    ("某民慈认字〔2020〕1号", "recognition"),
    ("某卫环许决字〔2019〕07-09-1号", "other"),
])
def test_the_family_of_a_document_number_says_what_was_decided(doc_no, category):
    assert printed.category_of(doc_no) == category


@pytest.mark.parametrize(
    "name", ["某市民政局", "某市某区民政局", "某省民政厅", "民政部", "某市社会组织管理局"]
)
def test_a_civil_affairs_department_of_any_level_is_a_registrar(name):
    assert printed.is_registrar(name)


@pytest.mark.parametrize("name", ["某区卫生健康委员会", "国家税务总局某区税务局", "某区人力资源和社会保障局"])
def test_another_authority_is_no_registrar(name):
    assert not printed.is_registrar(name)


@pytest.mark.parametrize(("spelling", "grade"), [
    ("5A", "5A"), ("５Ａ级", "5A"), ("AAAA", "4A"), ("3a级社会组织", "3A"), ("无等级", "none"),
    ("无等级社会组织", "none"),
])
def test_a_grade_is_read_in_its_spelling(spelling, grade):
    assert printed.grade_of(spelling) == grade


def test_what_is_no_grade_is_refused():
    with pytest.raises(printed.Unclear):
        printed.grade_of("6A")


def test_spaces_that_a_table_adds_leave_a_name():
    assert printed.organization_name("\u3000北京 示例\u3000协会 ") == "北京示例协会"
    assert printed.organization_name("Green  Earth 协会") == "Green Earth协会"


@pytest.mark.parametrize("name", ["——", "第一行\n第二行", "名\ufffd称", "名" * 201])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(printed.Unclear):
        printed.organization_name(name)


def decision(category, day, authority="某市民政局", name="甲"):
    return Published(category, date(2020, 1, day), authority, name)


def test_an_establishment_decision_proves_a_registration_and_its_day():
    standing = standing_from([decision("change", 5, name="乙"), decision("establishment", 2)])

    assert (standing.source, standing.registered_on, standing.name) == (
        "establishment_decision", date(2020, 1, 2), "乙",
    )


def test_a_change_decision_proves_a_registration_but_not_its_day():
    standing = standing_from([decision("change", 5), decision("change", 3)])

    assert (standing.source, standing.registered_on, standing.known_since) == (
        "change_decision", None, date(2020, 1, 3),
    )


@pytest.mark.parametrize("rows", [
    [decision("establishment", 2, authority="某区卫生健康委员会")],
    [decision("penalty", 2)],
    [decision("recognition", 2)],
    [decision("cancellation", 2)],
    [],
])
def test_nothing_else_proves_a_registration(rows):
    assert standing_from(rows) is None


def test_a_cancellation_ends_the_registration():
    assert standing_from([decision("cancellation", 9), decision("change", 3)]).ended_on == date(2020, 1, 9)


def test_a_division_lies_in_all_that_we_know_around_it():
    assert [each.zh for each in chain("110102001")] == ["北京市", "西城区", "西长安街街道"]
    assert [each.zh for each in chain("520102")] == ["贵州省", "贵阳市", "南明区"]
    assert [(each.zh, each.known) for each in chain("320505")] == [("江苏省", True), ("320505", False)]


def test_the_table_of_divisions_holds_beijing_xicheng_and_guiyang():
    codes = set(DIVISIONS)

    assert len({code for code in codes if code.startswith("1101") and len(code) == 6}) == 16
    assert len({code for code in codes if code.startswith("110102") and len(code) == 9}) == 15
    assert len({code for code in codes if code.startswith("5201") and code[4:] != "00"}) == 10


@pytest.mark.parametrize("code", ["", "1101", "01010a", "1101021", "000000"])
def test_what_is_no_division_code_is_refused(code):
    with pytest.raises(NoDivisionCode):
        division(code)


def test_the_registrar_is_called_after_its_division():
    assert registrar_of("110102") == "北京市西城区民政局"
    assert registrar_of("110000") == "北京市民政局"
    assert registrar_of("520000") == "贵州省民政厅"
    assert registrar_of("520102") == "贵州省贵阳市南明区民政局"
    assert registrar_of("320505") == ""
