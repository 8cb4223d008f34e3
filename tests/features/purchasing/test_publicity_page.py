"""Anybody reads who is published and why; the office reads the ranking on the case, and what each instalment awaits."""

from app.cases.models import Case
from tests.builders_access import apart
from tests.builders_award import a_candidate, a_ranked_package, a_signed_contract, an_agreed_contract, an_objection
from tests.builders_purchasing import PRICES
from tests.journeys.test_tender import Caller


def test_anybody_reads_the_candidate_with_points_price_and_reason_and_no_person(client, session):
    assert apart(client.get, "/publicity").status_code == 200
    ranked = a_ranked_package(session)
    a_candidate(session, ranked)
    name = session.get_one(Case, ranked.bid_ids[0]).organization_id
    page = apart(client.get, "/publicity").text

    assert name == ranked.bidders[0].organization_id
    assert all(word in page for word in ("89.00", "88,888.31", "综合得分最高，按排名确定。", ranked.package))
    assert "负责人" not in page.split("<main", 1)[-1]


def test_the_office_reads_contract_and_objection_on_their_cases(client, session):
    ranked = a_ranked_package(session)
    number = an_agreed_contract(session, ranked)
    objection = an_objection(session, ranked)
    buyer = Caller(client, session, ranked.buyer)
    # The package's own page shows the panel's sheets too, which the shortcut of these tests has not.
    contract, filed = (buyer.get(f"/cases/{each}").text for each in (number, objection))

    assert "44,444.16" in contract
    assert "业绩证明与公开合同不符，应予核实。" in filed
    assert PRICES[0] == 88_888_31


def test_a_contract_and_its_case_lead_to_each_other_and_both_say_what_each_instalment_waits_for(client, session):
    ranked = a_ranked_package(session)
    number, contract = a_signed_contract(session, ranked)
    for actor in (ranked.buyer, ranked.bidders[0].staff):
        reader = Caller(client, session, actor)
        case, page = reader.get(f"/cases/{number}").text, reader.get(f"/contracts/{contract.id}").text

        assert f'href="/contracts/{contract.id}"' in case and f'href="/cases/{number}"' in page
        assert all("44,444.16" in each and "中期评估合格后" in each for each in (case, page))
        # What was typed in its draft is what was signed: it is told once, with the amounts.
        assert case.count("<table") == 1 and "50.00 %" in case
    other = Caller(client, session, ranked.bidders[1].staff)
    assert [other.get(path).status_code for path in (f"/cases/{number}", f"/contracts/{contract.id}")] == [404, 404]
