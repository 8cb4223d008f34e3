"""Does every notice have its words?"""

import pytest

from app.notices import access
from app.notices.templates import PLACEHOLDERS, TEMPLATES, template_names, template_of
from workflows.loader import library

DATA = {name: f"<{name}>" for name in PLACEHOLDERS}


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda template: template.name)
def test_a_template_is_whole_in_both_languages(template):
    chinese, english = template.written(DATA, "zh_Hans_CN"), template.written(DATA, "en")

    assert all(chinese) and all(english)
    assert "<number>" in chinese[0]
    assert "<number>" in english[0]
    assert template.name == next(name for name, value in TEMPLATES.items() if value is template)


@pytest.mark.parametrize("template", access.TEMPLATES.values(), ids=lambda template: template.name)
def test_a_template_of_access_is_whole_in_both_languages_and_no_definition_may_use_it(template):
    told = {name: {"zh": f"<{name}>", "en": f"<{name}>"} for name in access.PLACEHOLDERS}

    for locale in ("zh_Hans_CN", "en"):
        subject, body = access.told_words(template.name, told, locale)
        assert subject and "<by>" in body
    assert template.name not in template_names()


def test_every_notice_of_every_definition_has_its_words():
    used = {
        notice.template
        for definition in library().definitions
        for transition in definition.transitions
        for notice in transition.notices
    }

    assert used - template_names() == set()
    assert "task_waiting" in used


def test_a_template_that_is_gone_still_says_that_there_is_news():
    assert template_of("no_such_template").name == "case_moved"
