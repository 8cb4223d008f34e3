"""What whoever has no mouse does: Tab through a page, and Tab to something; and how well the focus is seen."""

import pytest
from playwright.sync_api import Page

MOST_STEPS = 80
# What has the focus: its name, and what is wrong with how it can be seen. A radio or a box is seen by its label.
FOCUSED = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const name = (element.getAttribute('aria-label') || element.innerText || element.name || element.id || '').trim();
  const box = element.getBoundingClientRect();
  const x = box.left + Math.min(box.width / 2, 40), y = box.top + Math.min(box.height / 2, 12);
  if (box.bottom < 0 || box.top > innerHeight || x < 0 || x > innerWidth) return [name, 'out of view'];
  const top = document.elementFromPoint(x, y);
  if (!top || !(element.contains(top) || top.contains(element) || top.control === element))
    return [name, 'covered by ' + (top && top.className)];
  const seen = [element, element.closest('label, .c-choice, .l-search')].filter(Boolean).map(e => getComputedStyle(e));
  const outlined = style => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
  const marked = seen.some(style => outlined(style) || style.boxShadow !== 'none');
  return [name, marked ? '' : 'no mark of the focus'];
}"""


def walk(page: Page, most: int = MOST_STEPS) -> list[str]:
    """Press Tab through a page; return what cannot be seen while it has the focus."""
    wrong = []
    for _step in range(most):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        if found is None:
            break
        if found[1]:
            wrong.append(f"{page.url} {found[0]!r}: {found[1]}")
    return wrong


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element has the focus."""
    for _step in range(MOST_STEPS):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            return
    pytest.fail(f"Tab never reaches {selector}")
