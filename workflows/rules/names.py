"""May an organization of this legal class bear this name? What the regulations say of its beginning and its end."""

from __future__ import annotations

from enum import Enum

NATIONAL_WORDS = ("中国", "全国", "中华")
FOUNDATION = "基金会"


class Misnamed(Enum):
    """What is wrong with a name; the value is the code of the reason."""

    NATIONAL = "name_is_national"
    FOUNDATION = "name_lacks_its_kind"
    NOT_A_FOUNDATION = "name_of_a_foundation"


def misnamed(name: str, legal_class: str, *, national: bool) -> Misnamed | None:
    """Return what is wrong with the name, or None.

    Whoever is not registered by the ministry (`national`) may not begin with the words for the whole country
    (社会团体登记管理条例 art. 10, 民办非企业单位登记管理暂行条例 art. 8). Foundations, and they alone, end in 基金会.
    """
    plain = "".join(name.split())
    if not national and plain.startswith(NATIONAL_WORDS):
        return Misnamed.NATIONAL
    if legal_class == "foundation" and not plain.endswith(FOUNDATION):
        return Misnamed.FOUNDATION
    if legal_class != "foundation" and plain.endswith(FOUNDATION):
        return Misnamed.NOT_A_FOUNDATION
    return None
