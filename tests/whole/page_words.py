"""Which words does a page show, and in which language?"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

SHOWN_ATTRIBUTES = {"aria-label", "title", "placeholder", "alt"}
WITHOUT_END = {"meta", "link", "input", "br", "img", "hr", "source", "col", "wbr"}
NOT_WORDS = {"script", "style"}
CHINESE_SIGN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
# A hash is shown by its first eight digits, which may all be letters.
ENGLISH_WORD = re.compile(
    r"(?<![A-Za-z0-9@._/#:=&?…-])(?![a-f]{8}…)[A-Za-z]{2,}(?![A-Za-z0-9@_/#=&-]|[.:][A-Za-z0-9/])"
)


class _Reader(HTMLParser):
    """Collects texts and shown attributes, except where the page itself says: another language, or nobody's."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language
        self.other: list[bool] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        said = named.get("lang")
        elsewhere = (
            named.get("translate") == "no"
            or (said is None and bool(self.other) and self.other[-1])
            or (said is not None and not said.startswith(self.language))
        )
        if tag not in WITHOUT_END:
            self.other.append(elsewhere or tag in NOT_WORDS)
        if not elsewhere:
            shown = [value for name, value in attributes if value and (name in SHOWN_ATTRIBUTES or "-words-" in name)]
            self.found += shown

    def handle_endtag(self, tag: str) -> None:
        if tag not in WITHOUT_END and self.other:
            self.other.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and not (self.other and self.other[-1]):
            self.found.append(" ".join(data.split()))


def words_of(page: str, language: str) -> list[str]:
    """Return every text of the page that a person reads or hears in the page's own language, 'zh' or 'en'."""
    reader = _Reader(language)
    reader.feed(page)
    return reader.found


def english_in(words: str, allowed: set[str]) -> Iterator[str]:
    """Yield the words of Latin letters that are neither allowed nor part of an address, a name or a number."""
    return (word for word in ENGLISH_WORD.findall(words) if word not in allowed)


def chinese_in(words: str, data: list[str]) -> str:
    """Return what is Chinese in `words` when the data, longest first, is taken away."""
    for value in data:
        if not CHINESE_SIGN.search(words):
            return ""
        words = words.replace(value, "")
    return words if CHINESE_SIGN.search(words) else ""
