"""Why this one: the office reads every point and how it came about; everybody reads who was published and why."""


from tests.builders_access import apart
from tests.builders_award import a_candidate, a_ranked_package, an_agreed_contract, an_award, an_objection, step
from tests.builders_purchasing import CRITERION
from tests.builders_purchasing import a_ranked_package as a_really_ranked_package
from tests.builders_restriction import a_bureau, listed
from tests.journeys.test_tender import Caller


def body(answer) -> str:
    assert answer.status_code == 200, answer.text
    return answer.text.split("<main", 1)[-1]


def test_a_really_ranked_package_shows_its_ranking_on_its_case_and_on_the_page_of_its_award(client, session):
    panel = a_really_ranked_package(session, prices=(90_000_00, 90_000_00, 45_000_00))
    officer = Caller(client, session, panel.officer)
    case, why = (body(officer.get(f"/{part}/{panel.package}")) for part in ("cases", "awards"))

    assert f'href="/awards/{panel.package}"' in case
    assert all(word in case for word in ("77.00", "68.00", "64.00"))
    assert all(word in why for word in ("77.00", "68.00", "64.00", "5.00", "10.00", "80.00", CRITERION, "90,000.00"))
    assert f"flask purchasing draw verify {panel.package}" in why
    assert all(expert.name not in why for expert in panel.experts.values())


def test_nobody_reads_a_ranking_who_does_not_reach_the_package_and_nobody_before_there_is_one(client, session):
    ranked = a_ranked_package(session)
    callers = [Caller(client, session, actor) for actor in (ranked.tender.office.outsider, ranked.bidders[0].staff)]

    assert apart(client.get, f"/awards/{ranked.package}").headers["Location"].startswith("/sign-in")
    assert [one.get(f"/awards/{ranked.package}").status_code for one in callers] == [404, 404]
    buyer = Caller(client, session, ranked.buyer)
    assert [buyer.get(f"/awards/{each}").status_code for each in (ranked.package, ranked.tender.call)] == [200, 404]
    assert apart(client.get, f"/publicity/{ranked.package}").status_code == 404


def test_everybody_reads_the_candidate_and_of_the_others_nothing(client, session):
    ranked = a_ranked_package(session)
    a_candidate(session, ranked)
    page, listed = (body(apart(client.get, path)) for path in (f"/publicity/{ranked.package}", "/publicity"))

    assert f'href="/publicity/{ranked.package}"' in listed
    assert "89.00" in page and "综合得分最高，按排名确定。" in page
    assert "88.00" not in page and ranked.buyer.name not in page
    assert f"/awards/{ranked.package}" not in page
    assert f'href="/awards/{ranked.package}"' in body(
        Caller(client, session, ranked.buyer).get(f"/publicity/{ranked.package}"))


def test_objections_stand_there_for_those_who_may_see_them_and_days_stand_still(client, session):
    ranked = a_ranked_package(session)
    a_candidate(session, ranked)
    number = an_objection(session, ranked)
    inside = body(Caller(client, session, ranked.buyer).get(f"/awards/{ranked.package}"))
    public = body(apart(client.get, f"/publicity/{ranked.package}"))

    assert number in inside and number not in public
    assert "业绩证明与公开合同不符" not in public
    assert "c-tag is-violet" in inside and "c-tag is-violet" in public


def test_a_revoked_award_stays_with_its_reason_and_the_next_one_follows(client, session):
    ranked = a_ranked_package(session)
    contract = an_award(session, ranked)
    first = body(Caller(client, session, ranked.buyer).get(f"/awards/{ranked.package}"))
    step(session, ranked, ranked.package, "decline_award", ranked.buyer, reason="成交人书面放弃。")
    a_candidate(session, ranked, 1)
    inside = body(Caller(client, session, ranked.buyer).get(f"/awards/{ranked.package}"))
    public = body(apart(client.get, f"/publicity/{ranked.package}"))

    assert f"/cases/{contract}" in first and "成交人书面放弃。" not in first
    for page in (inside, public):
        assert "成交人书面放弃。" in page and "89.00" in page and "88.00" in page
    assert "87.00" in inside and "87.00" not in public


def test_the_award_page_leads_to_the_contract(client, session):
    ranked = a_ranked_package(session)
    number = an_agreed_contract(session, ranked)

    assert f'href="/cases/{number}"' in body(Caller(client, session, ranked.buyer).get(f"/awards/{ranked.package}"))


def test_the_file_of_an_organization_has_its_awards_and_what_freezes_it(client, session):
    ranked = a_ranked_package(session)
    an_award(session, ranked)
    winner, other = (bidder.organization_id for bidder in ranked.bidders[:2])
    bureau = a_bureau(session, ranked.tender.office.place, winner, ranked.bidders[0].staff)
    listed(session, bureau, number="名录〔2026〕3号")
    buyer = Caller(client, session, ranked.buyer)
    told, untold = (body(buyer.get(f"/organizations/{each}")) for each in (winner, other))

    assert f'href="/publicity/{ranked.package}"' in told and "名录〔2026〕3号" in told
    assert "名录〔2026〕" not in untold
    assert f'href="/publicity/{ranked.package}"' not in untold
