"""No page offers a way that is closed to its reader: every link of every page leads somewhere."""

import re
from collections import Counter, deque

import pytest

from tests.browser.conftest import Open

READERS = ("staff2", "registrar", "hub", "buyer", "project", "finance", "expert", "evaluator", "incubator", "auditor")
MOST_PAGES, MOST_ALIKE = 70, 4
LINK = re.compile(r'<a [^>]*?href="(/[^"#]*)')
# What is downloaded, and the many ways to filter a list.
SKIPPED = re.compile(
    r"/(documents|bundle|static)|\.(csv|ics|xlsx|pdf)|^/guide|^/(worklist|cases|audit|calendar|organizations|notices)\?"
)


def alike(address: str) -> str:
    """Return what the addresses of one sort of page have in common; a case's number begins with its kind."""
    return re.sub(r"\d+", "0", address)


def inside(page: str) -> list[str]:
    """Return the addresses in the main part of a page."""
    return [found.replace("&amp;", "&") for found in LINK.findall(page.split("<main", 1)[-1])]


@pytest.mark.parametrize("reader", READERS)
def test_every_link_leads_somewhere(open_page: Open, reader: str) -> None:
    ask = open_page(reader, script=False).request
    ways = deque([("/", "/"), ("/worklist", "/worklist"), ("/cases", "/cases"), ("/notices", "/notices")])
    seen: Counter[str] = Counter()
    closed, asked = [], set()
    while ways and len(asked) < MOST_PAGES:
        address, where = ways.popleft()
        if address in asked or seen[alike(address)] >= MOST_ALIKE:
            continue
        asked.add(address)
        seen[alike(address)] += 1
        answer = ask.get(address)
        if answer.status != 200:
            closed.append(f"{where} leads to {address}: {answer.status}")
        elif "text/html" in answer.headers["content-type"]:
            ways.extend((each, address) for each in inside(answer.text()) if not SKIPPED.search(each))
    assert closed == []
    assert len(asked) > 10
