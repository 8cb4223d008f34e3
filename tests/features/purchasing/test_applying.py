"""Before anything is typed the page of a bid says whether one may bid, why not, until when, and what to hand in."""

import re
from datetime import timedelta

from sqlalchemy import select, text

from app.access.sign_in import open_session
from app.cases.models import Case
from app.clock import business_now, real_now
from tests.browsing import Person
from tests.builders_access import apart
from tests.builders_purchasing import Tender as Published
from tests.builders_purchasing import (
    a_bid,
    a_bidder,
    a_plan,
    a_programme,
    an_office,
    call_data,
    moved,
    opened,
    some_officers,
)


def a_published_call(session) -> Published:
    office = an_office(session)
    office.now = business_now(session)
    session.commit()
    plan = a_plan(session, office, a_programme(session, office))
    officers, due = some_officers(session, office), office.now + timedelta(days=25)
    said = {"bids_due_at": due.isoformat(), "documents_until": due.date().isoformat()}
    call = opened(session, office, "call", "draft", officers[0], **call_data(session, plan, officers, **said))
    moved(session, office, call.number, "publish", office.buyer)
    packages = list(session.scalars(select(Case).where(Case.kind == "package").order_by(Case.id)))
    return Published(office, call.number, packages, officers)


def page_of(client, session, actor, address: str) -> str:
    token = open_session(session, account_id=actor.account_id, user_agent="test", now=real_now())
    session.commit()
    client.set_cookie("sid", token)
    client.set_cookie("lang", "en")
    return apart(Person(client).see, address)


def rules_on(page: str) -> list[str]:
    section = page.split('id="rules"', 1)[1].split("</section>", 1)[0]
    return re.findall(r"</svg>([^<]+)</span><span class=\"u-meta\"> ([^<]+)<", section)


def tasks_on(page: str) -> dict[str, str]:
    section = page.split('id="tasks"', 1)[1].split("</section>", 1)[0]
    return dict(re.findall(r"</svg>([^<]+)</span></a><span class=\"u-meta\"> ([^<]+)<", section))


def test_an_organization_that_may_bid_sees_every_condition_met_the_deadline_and_its_tasks(client, session):
    tender = a_published_call(session)
    bidder = a_bidder(session, tender.office)
    package = tender.packages[0].id

    page = page_of(client, session, bidder.staff, f"/apply/bid?package={package}")

    assert rules_on(page) == [
        ("Registration in force", "yes"), ("The organization is not frozen", "yes"),
        ("No grave violation on record", "yes"),
        ("The time for bids is not over", "yes"), ("One bid per package", "yes"),
        ("Fewer projects this year than the programme allows", "seen when it is handed in"),
    ]
    assert "in 25 days" in page or "c-due" in page
    tasks = tasks_on(page)
    assert (tasks["Package"], tasks["Price"], tasks["Proposal"]) == ("there", "missing", "if it applies")


def test_what_stands_against_a_bid_is_said_with_its_reason_before_anybody_types(client, session):
    tender = a_published_call(session)
    bidder = a_bidder(session, tender.office)
    package = tender.packages[0].id
    a_bid(session, tender, bidder)
    session.execute(text("UPDATE registrations SET ended_on = '2026-02-01' WHERE organization_id = :id"), {
        "id": bidder.organization_id})
    session.commit()

    page = page_of(client, session, bidder.staff, f"/apply/bid?package={package}")

    assert dict(rules_on(page)) == {
        "Registration in force": "no", "The organization is not frozen": "yes", "No grave violation on record": "yes",
        "The time for bids is not over": "yes", "One bid per package": "no",
        "Fewer projects this year than the programme allows": "seen when it is handed in",
    }
    assert "Without a registration in force no bid is taken" in page
    assert "Your organization has a bid for this package" in page


def test_the_page_says_nothing_of_other_bidders_nor_of_partners_named_twice(client, session):
    tender = a_published_call(session)
    alone = a_bidder(session, tender.office)
    package = tender.packages[0].id
    address = f"/apply/bid?package={package}"
    before = page_of(client, session, alone.staff, address)
    joint = a_bidder(session, tender.office)
    a_bid(session, tender, joint, partners=[{"uscc": alone.uscc, "share_bp": 3000}])

    after = page_of(client, session, alone.staff, address)

    assert (rules_on(before), tasks_on(before)) == (rules_on(after), tasks_on(after))


def test_an_empty_bid_is_told_everything_that_is_missing_at_once_and_by_name(client, session):
    tender = a_published_call(session)
    bidder = a_bidder(session, tender.office)
    page_of(client, session, bidder.staff, "/apply/bid")

    answer = apart(client.post, "/apply/bid", data={"package": "", "lang": "en"})
    summary = answer.text.split('class="c-errors"', 1)[1].split("</div>", 1)[0]

    assert answer.status_code == 422
    told = re.findall(r">([^<>]+: [^<>]+)<", summary)
    assert [words.partition(":")[0] for words in told] == [
        "Package", "Price", "Budget", "How you will do it", "Who will do it"]
