"""Line icons as inline SVG: they take the colour of the text around them, print, and need no request."""

from functools import cache

from lucide import lucide_icon
from markupsafe import Markup

STROKE = "1.75"


class UnknownIcon(LookupError):
    """A template asked for an icon that Lucide does not have; the message names it."""


@cache
def icon(name: str, size: int = 18) -> Markup:
    """Return the Lucide icon `name` as SVG of `size` pixels, hidden from readers: words beside it say it."""
    drawing = lucide_icon(name, width=size, height=size, stroke_width=STROKE)
    if "data-missing-icon" in drawing:
        raise UnknownIcon(name)
    hidden = drawing.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
    return Markup(" ".join(hidden.split()))  # noqa: S704  from the package, never from a person
