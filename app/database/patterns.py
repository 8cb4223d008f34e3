"""How does a search find a piece of text sign by sign, however few signs were typed? LIKE, answered from an index."""

GRAM = 2


def grams(pattern: str) -> list[str]:
    """Return what `ngrams()` of any text with this pattern in it contains: its pairs, or its one sign; [] for ''."""
    if len(pattern) < GRAM:
        return [pattern] if pattern else []
    return sorted({pattern[start:start + GRAM] for start in range(len(pattern) - GRAM + 1)})


def containing(pattern: str) -> str:
    r"""Return the pattern of LIKE (ESCAPE '\') for texts that hold these very signs: % and _ stand for themselves."""
    return "%" + pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
