"""What a case is called: names stay, the words of definitions are said in the reader's language."""

import pytest

from workflows.kinds.restriction import GROUNDS, title_of
from workflows.subjects import named, said


@pytest.mark.parametrize("ground", GROUNDS)
def test_a_listing_is_called_after_the_organization_and_its_ground_in_the_readers_language(ground):
    subject = named("晨光社区服务中心（示例）", title_of(ground).zh)

    assert said("restriction", subject, "zh_Hans_CN") == subject
    assert said("restriction", subject, "en") == f"晨光社区服务中心（示例） · {title_of(ground).en}"


@pytest.mark.parametrize(("kind", "subject"), [
    ("affiliation", "晨光社区服务中心（示例） · 示例枢纽"), ("restriction", "活动异常名录"),
    ("restriction", ""), ("loan", ""),
])
def test_names_are_never_translated(kind, subject):
    assert [said(kind, subject, locale) for locale in ("zh_Hans_CN", "en")] == [subject, subject]


def test_no_ground_ends_with_the_words_of_another():
    words = [title_of(ground).zh for ground in GROUNDS]
    assert [one for one in words for other in words if one != other and one.endswith(other)] == []
