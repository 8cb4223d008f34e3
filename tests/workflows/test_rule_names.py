"""What a name may not begin and end with, for each legal class."""

import pytest

from workflows.rules.names import Misnamed, misnamed


@pytest.mark.parametrize(("name", "legal_class", "found"), [
    ("北京市西城区示例协会", "association", None),
    ("中国示例协会", "association", Misnamed.NATIONAL),
    (" 全 国示例服务中心", "social_service", Misnamed.NATIONAL),
    ("中华示例基金会", "foundation", Misnamed.NATIONAL),
    ("北京市西城区中华武术协会", "association", None),
    ("北京市示例基金会", "foundation", None),
    ("北京市示例协会", "foundation", Misnamed.FOUNDATION),
    ("北京市示例基金会", "association", Misnamed.NOT_A_FOUNDATION),
    ("北京市示例基金会", "social_service", Misnamed.NOT_A_FOUNDATION),
    ("北京市示例基金会发展中心", "social_service", None),
])
def test_a_local_body_may_not_call_itself_national_nor_what_it_is_not(name, legal_class, found):
    assert misnamed(name, legal_class, national=False) is found


def test_the_ministry_registers_national_names():
    assert misnamed("中国示例协会", "association", national=True) is None
    assert misnamed("中国示例协会", "foundation", national=True) is Misnamed.FOUNDATION
