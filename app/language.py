"""Which language does this person read? zh-CN unless they chose otherwise; titles of definitions in that language."""

from gettext import NullTranslations

from flask import Flask
from flask_babel import get_locale, get_translations

from workflows.definition import Text

CHINESE = "zh_Hans_CN"
ENGLISH = "en"
LOCALES = (CHINESE, ENGLISH)


def register_words(app: Flask) -> None:
    """Let templates take their words from the reader's catalogue at once: a page asks for a hundred and more.

    What Flask-Babel gives them finds the request's context, its domain, its locale and the catalogue for each.
    """
    known: dict[str, NullTranslations] = {}

    def catalogue() -> NullTranslations:
        locale = get_locale()
        if locale is None:
            return NullTranslations()
        found = known.get(locale.language)
        if found is None:
            found = known[locale.language] = get_translations()
        return found

    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # the i18n extension's
        lambda words: catalogue().gettext(words),
        lambda one, many, number: catalogue().ngettext(one, many, number),
        newstyle=True,
        pgettext=lambda context, words: catalogue().pgettext(context, words),
        npgettext=lambda context, one, many, number: catalogue().npgettext(context, one, many, number),
    )


def known_locale(wanted: str | None) -> str:
    """Return the catalogue for a language tag: every kind of Chinese reads zh_Hans_CN, English en, others Chinese."""
    return ENGLISH if (wanted or "").replace("-", "_").lower().split("_")[0] == "en" else CHINESE


def current_locale() -> str:
    """Return the locale of the request; Chinese outside of one."""
    locale = get_locale()
    return CHINESE if locale is None else known_locale(locale.language)


def localized(text: Text) -> str:
    """Return a title of a definition in the reader's language."""
    return text.localized(current_locale())
