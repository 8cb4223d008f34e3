"""How is a sum divided into instalments? By basis points, to the fen, with nothing lost."""

from workflows.rules.percent import WHOLE_BP


def split(amount_fen: int, shares_bp: list[int]) -> list[int]:
    """Return one amount per share, in order, adding up exactly to `amount_fen`; none is negative.

    Every share but the last is rounded half up to the fen; the last takes what remains. Shares that are
    not positive or do not make 10000 basis points raise ValueError.
    """
    if amount_fen < 0:
        raise ValueError("a sum to be divided is not negative")
    if any(share <= 0 for share in shares_bp) or sum(shares_bp) != WHOLE_BP:
        raise ValueError(f"shares {shares_bp} are not positive parts of {WHOLE_BP} basis points")
    parts: list[int] = []
    left = amount_fen
    for share in shares_bp[:-1]:
        # With fewer fen than instalments, rounding up every time would spend more than there is.
        part = min(left, (2 * amount_fen * share + WHOLE_BP) // (2 * WHOLE_BP))
        parts.append(part)
        left -= part
    return [*parts, left]
