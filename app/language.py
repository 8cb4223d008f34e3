"""Which language does this person read? zh-CN unless they chose otherwise; titles of definitions in that language."""

from flask_babel import get_locale

from workflows.definition import Text

CHINESE = "zh_Hans_CN"
ENGLISH = "en"
LOCALES = (CHINESE, ENGLISH)


def known_locale(wanted: str | None) -> str:
    """Return the catalogue for a language tag: every kind of Chinese reads zh_Hans_CN, English en, others Chinese."""
    return ENGLISH if (wanted or "").replace("-", "_").lower().split("_")[0] == "en" else CHINESE


def current_locale() -> str:
    """Return the locale of the request; Chinese outside of one."""
    return known_locale(str(get_locale() or CHINESE))


def localized(text: Text) -> str:
    """Return a title of a definition in the reader's language."""
    return text.localized(current_locale())
