"""What a person types into the form of the lending kind (tests/fourth_kind.py), and sends as a browser would."""

import re
from html import unescape

TYPED = {"purpose": "居民议事会", "day": "2026-12-20", "phone": "13800001234", "deposit_fen": "100.50"}


def fields_of(page):
    """Return every hidden field, input, textarea and choice of the page's form, as a browser would post it."""
    form = page[page.index("<form", page.index("</header>")):]
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r' name="([^"]*)"', tag), re.search(r' value="([^"]*)"', tag)
        kind = re.search(r'type="([^"]*)"', tag)
        if not name or (kind and kind.group(1) in ("file", "radio", "submit")):
            continue
        if kind and kind.group(1) == "checkbox" and "checked" not in tag:
            continue
        found[name.group(1)] = unescape(value.group(1)) if value else ""
    for name, value in re.findall(r'<textarea[^>]* name="([^"]*)"[^>]*>\r?\n?([^<]*)</textarea>', form):
        found[name] = unescape(value)
    found.pop("q", None)
    return found


def hand_in(browser, **more):
    page = fields_of(browser.get("/apply/loan").text)
    return browser.post("/apply/loan", data={**page, **TYPED, **more})
