"""Which definition and which numbers hold where, and what the reader says about a bad file."""

from datetime import date
from pathlib import Path

import pytest

from tests.builders_workflows import TODAY, copied_definitions, rewrite, shipped
from workflows.definition import Text
from workflows.loader import ROOT, Library, LoadError, NoDefinition, NoPolicy, library
from workflows.policy import UnknownNumber

XICHENG = ("110102", "110000", "base")

POLICY = """
effective_from = {since}
[{name}]
title = {{ zh = "期限", en = "Limit" }}
{unit} = {value}
cite = {{ zh = "默认值，无来源", en = "Default, no source" }}
verified = false
"""


def policy_file(root: Path, place: str, version: int, since: str, value: int, name: str = "decision") -> None:
    """Write a policy file with one number of days."""
    text = POLICY.format(since=since, name=name, unit="days", value=value)
    (root / place / f"policy.v{version}.toml").write_text(text, encoding="utf-8")


def variant(root: Path, place: str, version: int, *changes: tuple[str, str]) -> None:
    """Write a changed copy of base's registration."""
    path = root / place / f"registration.v{version}.toml"
    path.write_text((ROOT / "base/registration.v1.toml").read_text(encoding="utf-8"), encoding="utf-8")
    for old, new in changes:
        rewrite(path, old, new)


def test_a_division_s_chain_goes_from_specific_to_general():
    assert library().place_chain("110102") == XICHENG
    assert library().place_chain("110102001001") == XICHENG
    assert library().place_chain("520103") == ("520100", "base")
    assert library().place_chain("440100") == ("base",)


def test_a_case_takes_base_where_no_place_has_a_road_of_its_own():
    assert library().in_force("payment", XICHENG, "social_service", TODAY) is shipped("payment")


def test_the_most_specific_place_wins(tmp_path: Path):
    root = copied_definitions(tmp_path)
    variant(root, "110102-xicheng", 1)

    found = Library.load(root).in_force("registration", XICHENG, "social_service", TODAY)

    assert found.name == "110102/registration.v1"


def without_classes(tmp_path: Path) -> Path:
    """Return the definitions as if only social service organizations could register."""
    root = copied_definitions(tmp_path)
    for version in (2, 3):
        (root / f"base/registration.v{version}.toml").unlink()
    return root


def test_within_a_place_the_own_class_wins_over_all_classes(tmp_path: Path):
    root = copied_definitions(tmp_path)
    variant(root, "base", 4, ('class = "social_service"\n', ""))
    loaded = Library.load(root)

    def version(legal_class: str | None) -> int:
        return loaded.in_force("registration", ("base",), legal_class, TODAY).version

    assert [version(each) for each in ("social_service", "association", "foundation")] == [1, 2, 3]
    assert version("other") == version(None) == 4


def test_who_names_no_class_gets_the_only_one_and_never_a_guess(tmp_path: Path):
    alone = Library.load(without_classes(tmp_path))

    assert alone.in_force("registration", ("base",), None, TODAY).legal_class == "social_service"
    with pytest.raises(NoDefinition):
        alone.in_force("registration", ("base",), "foundation", TODAY)
    with pytest.raises(NoDefinition):
        library().in_force("registration", ("base",), None, TODAY)
    with pytest.raises(NoDefinition):
        library().in_force("registration", ("base",), "other", TODAY)


def test_a_new_version_holds_from_its_day_and_the_pinned_one_for_ever(tmp_path: Path):
    root = without_classes(tmp_path)
    variant(root, "base", 2, ("effective_from = 2020-01-01", "effective_from = 2026-07-01"))
    loaded = Library.load(root)

    def version(on: date) -> int:
        return loaded.in_force("registration", ("base",), "social_service", on).version

    assert [version(date(2026, 6, 30)), version(date(2026, 7, 1))] == [1, 2]
    assert loaded.exact("registration", "base", 1, "social_service").version == 1
    with pytest.raises(NoDefinition):
        loaded.in_force("registration", ("base",), "social_service", date(2019, 12, 31))


def test_a_pinned_definition_must_be_the_very_one():
    with pytest.raises(NoDefinition):
        library().exact("registration", "base", 4)
    with pytest.raises(NoDefinition):
        library().exact("registration", "base", 1, "foundation")


def test_everything_in_force_somewhere_is_found_with_base_first(tmp_path: Path):
    root = copied_definitions(tmp_path)
    variant(root, "110102-xicheng", 1)

    found = Library.load(root).in_force_anywhere("registration", TODAY)

    base = [f"base/registration.v{version}" for version in (1, 2, 3)]
    assert [item.name for item in found] == [*base, "110102/registration.v1"]


def test_each_number_comes_from_the_most_specific_place_that_has_it(tmp_path: Path):
    root = copied_definitions(tmp_path)
    policy_file(root, "110102-xicheng", 1, "2025-01-01", 45)

    policy = Library.load(root).policy(XICHENG, TODAY)

    assert policy.pins == "base:2,110102:1"
    assert (policy.number("decision").value, policy.number("decision").place) == (45, "110102")
    assert (policy.number("delivery").value, policy.number("delivery").place) == (10, "base")


def test_a_case_keeps_the_numbers_it_was_opened_with(tmp_path: Path):
    root = copied_definitions(tmp_path)
    policy_file(root, "110102-xicheng", 1, "2025-01-01", 45)
    policy_file(root, "110102-xicheng", 2, "2026-07-01", 30)
    loaded = Library.load(root)

    before, after = loaded.policy(XICHENG, TODAY), loaded.policy(XICHENG, date(2026, 7, 1))

    assert [before.number("decision").value, after.number("decision").value] == [45, 30]
    assert loaded.policy_pinned(before.pins).numbers == before.numbers


def test_a_number_or_a_pin_nobody_knows_is_an_error():
    policy = library().policy(XICHENG, TODAY)

    with pytest.raises(UnknownNumber):
        policy.number("no_such_number")
    with pytest.raises(NoPolicy):
        library().policy_pinned("base:1,110000:9")


def test_a_throw_away_kind_can_be_added_and_taken_back():
    throw_away = Library(library().definitions, library().policies, library().places.values())
    payment = shipped("payment")
    throw_away.remove(payment)
    assert throw_away.kinds() == tuple(kind for kind in library().kinds() if kind != "payment")

    throw_away.add(payment)

    assert throw_away.kinds() == library().kinds()
    with pytest.raises(ValueError, match=r"payment\.v1"):
        throw_away.add(payment)


def test_levels_are_data_and_their_depth_differs():
    def levels(code: str) -> list[str]:
        return [level.zh for level in library().places[code].levels]

    assert levels("110102") == ["区", "街道", "社区"]
    assert levels("520100") == ["市", "区（市、县）", "社区（乡、镇）", "村（居）"]


def test_a_local_name_is_the_one_of_its_day():
    guiyang = library().places["520100"]

    def lead_agency(on: date) -> str | None:
        name = guiyang.local_name("lead_agency", on)
        return name.zh if name else None

    assert lead_agency(date(2011, 4, 30)) is None
    assert lead_agency(date(2013, 1, 1)) == "市委群众工作委员会"
    assert lead_agency(TODAY) == "市社会建设工作委员会"
    assert guiyang.local_name("no_such_thing") is None


def test_every_mistake_of_shape_is_told_at_once(tmp_path: Path):
    root = copied_definitions(tmp_path)
    rewrite(root / "base/payment.v1.toml", "danger = true", 'dangerous = true\nroles = ["staff"]')
    rewrite(root / "base/registration.v1.toml", "from = []", "")
    rewrite(root / "base/registration.v1.toml", "required = true", 'required = "yes"')
    rewrite(root / "base/affiliation.v1.toml", 'waits_for = "hub_officer"', "waits_for = 7")
    rewrite(root / "base/policy.v1.toml", "working_days = 5", "working_days = true\ndays = 5")
    (root / "110000-beijing" / "note.toml").write_text("", encoding="utf-8")
    (root / "110000-beijing" / "place.toml").unlink()

    with pytest.raises(LoadError) as error:
        Library.load(root)

    told = "\n".join(error.value.problems)
    assert "no valid TOML" in told
    assert "apply: from is missing (an opening says from = [])" in told
    assert "required must be bool, not 'yes'" in told
    assert "[states.applied]: waits_for must be str, not 7" in told
    assert "[intake_check]: needs exactly one of" in told
    assert "110000-beijing/note.toml: the name must be" in told
    assert "110000-beijing: place.toml is missing" in told


def test_a_key_nobody_knows_is_a_mistake_and_no_wish(tmp_path: Path):
    root = copied_definitions(tmp_path)
    rewrite(root / "base/payment.v1.toml", "danger = true", "dangerous = true")

    with pytest.raises(LoadError) as error:
        Library.load(root)

    assert error.value.problems == ("base/payment.v1.toml [transitions 10] refuse: unknown key dangerous",)


def test_a_text_answers_every_chinese_locale_in_chinese():
    text = Text("已到账", "Paid")

    assert [text.localized(locale) for locale in ("zh_Hans_CN", "zh-CN", "en", "fr")] == [
        "已到账",
        "已到账",
        "Paid",
        "Paid",
    ]


def test_what_a_number_comes_from_is_told_without_the_words_of_doubt_beside_whether_it_is_verified():
    numbers = [number for file in library().policies for number in file.numbers.values()]
    for number in numbers:
        told = (number.source.zh, number.source.en)
        if number.verified:
            assert told == (number.cite.zh, number.cite.en), number.name
        else:
            assert (number.cite.zh.endswith(told[0]) and number.cite.en.lower().endswith(told[1].lower())), number.name
            assert not told[0].startswith(("未核实", "默认值")), number.name
            assert not told[1].startswith(("Unverified", "Default")), number.name
    assert {bool(number.source.zh) for number in numbers if not number.verified} == {True, False}
