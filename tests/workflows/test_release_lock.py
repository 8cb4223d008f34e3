"""A released file never changes, and a place can be compared with base."""

from pathlib import Path

import pytest

from tests.builders_workflows import copied_definitions, rewrite
from workflows.loader import Library, NoDefinition, library
from workflows.release import LOCK, ReleasedFileChanged, diff, verify_lock, write_lock


def test_the_shipped_files_are_those_that_were_released():
    assert verify_lock() == []


def test_a_changed_released_file_is_told_and_is_never_released_over(tmp_path: Path):
    root = copied_definitions(tmp_path)
    rewrite(root / "base/payment.v1.toml", "不予拨付", "拒绝拨付")

    assert verify_lock(root) == ["base/payment.v1.toml changed after its release"]
    before = (root / LOCK).read_bytes()
    with pytest.raises(ReleasedFileChanged, match=r"base/payment\.v1\.toml"):
        write_lock(root)
    assert (root / LOCK).read_bytes() == before


def test_a_released_file_that_is_gone_is_told(tmp_path: Path):
    root = copied_definitions(tmp_path)
    (root / "base/payment.v1.toml").unlink()

    assert verify_lock(root) == ["base/payment.v1.toml was released and is gone"]


def test_a_new_version_is_told_until_it_is_released(tmp_path: Path):
    root = copied_definitions(tmp_path)
    text = (root / "base/payment.v1.toml").read_text(encoding="utf-8")
    (root / "base/payment.v2.toml").write_text(text.replace("2020-01-01", "2027-01-01"), encoding="utf-8")
    assert verify_lock(root) == ["base/payment.v2.toml is not released: it is not in definitions.lock"]

    assert write_lock(root) == ["base/payment.v2.toml"]

    assert verify_lock(root) == []


def test_facts_of_a_place_are_not_versioned_and_may_change(tmp_path: Path):
    root = copied_definitions(tmp_path)
    rewrite(root / "110102-xicheng/place.toml", "街道", "街")

    assert verify_lock(root) == []


def test_a_place_that_follows_base_does_not_differ():
    assert diff(library(), "110102", "payment") == []


def test_a_place_s_differences_are_listed(tmp_path: Path):
    root = copied_definitions(tmp_path)
    own = root / "110102-xicheng/registration.v1.toml"
    own.write_bytes((root / "base/registration.v1.toml").read_bytes())
    rewrite(own, 'waits_for = "registrar"\nclocks = ["intake_check"]', 'waits_for = "registrar"')
    rewrite(own, "[documents.charter_draft]", "[documents.charter]")
    rewrite(own, 'guards = ["first_correction"]\n', "")
    (root / "110102-xicheng/policy.v1.toml").write_text(
        'effective_from = 2020-01-01\n[decision]\ntitle = { zh = "决定", en = "Decision" }\ndays = 45\n'
        'cite = { zh = "默认值，无来源", en = "Default, no source" }\nverified = false\n',
        encoding="utf-8",
    )

    lines = diff(Library.load(root), "110102", "registration")

    assert lines == [
        "= 110102/registration.v1 against base/registration.v1",
        "~ state submitted: clocks ('intake_check',) -> ()",
        "~ transition ask_correction submitted: guards ('first_correction',) -> ()",
        "- document charter_draft",
        "+ document charter",
        "~ number decision: 60 days "
        "(《社会团体登记管理条例》第十二条、《民办非企业单位登记管理暂行条例》第十一条、《基金会管理条例》第十一条："
        "收到全部有效文件之日起60日内)"
        " -> 45 days (默认值，无来源)",
    ]


def test_a_place_or_kind_nobody_knows_is_an_error():
    with pytest.raises(NoDefinition):
        diff(library(), "999999", "payment")
    with pytest.raises(NoDefinition):
        diff(library(), "110102", "no_such_kind")
