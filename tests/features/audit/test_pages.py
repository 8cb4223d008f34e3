"""The auditor's pages and the downloads: who gets what, what it costs, and what is remembered."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.access.models import Account
from app.audit.moves import moves_meant
from app.cases.perform import perform
from app.documents.folder import documents_folder
from app.documents.store import path_of
from tests.builders import make_actor, make_district
from tests.builders_access import token_of
from tests.builders_audit import a_loan, a_signer, client_of, member, members, verified
from tests.features.audit.scene import a_scene
from tests.fourth_kind import loan_kind
from tests.queries import counted


@pytest.fixture
def scene(session, now):
    with loan_kind():
        yield a_scene(session, now)


@pytest.fixture
def auditor(app, session, scene):
    return client_of(app, session, scene.district.actors["auditor"])


@pytest.fixture
def staff(app, session, scene):
    return client_of(app, session, scene.district.actors["staff"])


@pytest.fixture
def stranger(app, session, scene):
    other = make_district(session, "520102")
    return client_of(app, session, other.actors["auditor"])


@pytest.fixture
def signer(app):
    with a_signer(app) as signer:
        yield signer


@pytest.fixture
def impatient(app):
    app.config["SIGNING_WAIT_SECONDS"] = 0.3


def without_names_of_requests(answer):
    """The answer without the request's id and without the second at which its form was signed."""
    return re.sub(r"[0-9a-f]{16}|\.[\w-]{6}\.[\w-]{27}", "", answer.text)


def reads(session):
    return session.execute(text("SELECT subject, what FROM reads ORDER BY id")).all()


@pytest.mark.parametrize("address", ["/cases/{}/bundle", "/api/v1/cases/{}/bundle"])
def test_whoever_reaches_a_case_takes_it_away_and_it_verifies(session, scene, staff, signer, tmp_path, address):
    answer = staff.get(address.format(scene.number))

    assert (answer.status_code, answer.content_type) == (200, "application/zip")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{scene.number}.zip"'
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert verified(tmp_path, answer.data, "--receipt", scene.receipt)[0] == 0
    assert reads(session) == [(f"case {scene.number}", "bundle")]


def test_a_program_with_a_token_gets_the_same(client, session, scene, signer, tmp_path):
    person = session.get(Account, scene.district.actors["registrar"].account_id).person

    answer = client.get(f"/api/v1/cases/{scene.number}/bundle", headers=token_of(session, person))

    assert verified(tmp_path, answer.data)[0] == 0


@pytest.mark.parametrize("address", ["/cases/{}/bundle", "/api/v1/cases/{}/bundle", "/audit/cases/{}"])
def test_a_case_out_of_reach_is_answered_like_one_that_does_not_exist(scene, stranger, signer, address):
    hidden, absent = stranger.get(address.format(scene.number)), stranger.get(address.format("JY26-0000-0001"))

    assert hidden.status_code == absent.status_code == 404
    assert without_names_of_requests(hidden).replace(scene.number, "") == without_names_of_requests(absent).replace(
        "JY26-0000-0001", ""
    )


def test_nobody_who_is_not_signed_in_gets_a_bundle(client, scene):
    assert client.get(f"/cases/{scene.number}/bundle").status_code == 303
    assert client.get(f"/api/v1/cases/{scene.number}/bundle").status_code == 401


@pytest.mark.parametrize("address", ["/cases/{}/bundle", "/api/v1/cases/{}/bundle"])
def test_without_a_worker_the_answer_says_when_to_try_again_and_nothing_is_remembered(
    session, scene, staff, impatient, address
):
    answer = staff.get(address.format(scene.number))

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert reads(session) == []
    assert session.execute(text("SELECT count(*) FROM signature_requests")).scalar_one() == 0


def test_an_auditor_gets_personal_values_for_a_purpose_that_is_remembered(session, scene, auditor, signer):
    plain = auditor.get(f"/cases/{scene.number}/bundle")
    asked = auditor.get(f"/cases/{scene.number}/bundle?purpose=专项审计")

    assert "personal.jsonl" not in members(plain.data)
    assert b"13800001234" in member(asked.data, "personal.jsonl")
    assert reads(session)[-1].what == "bundle with personal values: 专项审计"


def test_nobody_else_gets_personal_values(scene, staff, signer):
    assert staff.get(f"/cases/{scene.number}/bundle?purpose=好奇").status_code == 403


def test_a_period_bundle_holds_the_cases_that_the_auditor_reaches_and_no_others(
    session, scene, auditor, stranger, signer, tmp_path
):
    mine = auditor.get("/audit/bundle?from=2026-03-01&to=2026-03-31")
    foreign = stranger.get("/audit/bundle?from=2026-03-01&to=2026-03-31")

    assert scene.number.encode() in member(mine.data, "history.jsonl")
    assert member(foreign.data, "history.jsonl") == b""
    assert scene.number.encode() not in foreign.data
    assert verified(tmp_path, mine.data)[0] == verified(tmp_path, foreign.data)[0] == 0
    assert reads(session)[0] == ("2026-03-01 至 2026-03-31", "bundle")


def test_an_organizations_bundle_is_for_auditors(scene, auditor, staff, signer, tmp_path):
    address = f"/audit/bundle?organization={scene.district.organization.id}"

    assert verified(tmp_path, auditor.get(address).data)[0] == 0
    assert staff.get(address).status_code == 403


@pytest.mark.parametrize("arguments", ["", "?from=2026-03-01", "?from=2026-03-09&to=2026-03-01", "?from=x&to=y"])
def test_a_bundle_of_nothing_in_particular_is_asked_to_be_mended(auditor, arguments):
    assert auditor.get(f"/audit/bundle{arguments}").status_code == 422


def test_the_search_shows_moves_newest_first_with_receipts(auditor, scene):
    page = auditor.get("/audit").text

    assert page.index(scene.receipt) < page.index(f"{scene.number}:1:")
    assert f'href="/audit/cases/{scene.number}"' in page


def test_refused_attempts_are_a_view_of_their_own_with_reasons(auditor, scene):
    page = auditor.get("/audit?view=attempts").text

    assert scene.number in page
    assert scene.receipt not in page
    assert "示例auditor" in page


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ("kind=loan", 2), ("kind=payment", 0), ("trigger=lend", 1), ("q=示例registrar", 1), ("q=无此人", 0),
        ("q=%25", 0), ("from=2026-03-02&to=2026-03-02", 2), ("from=2026-03-03", 0), ("to=2026-03-01", 0),
    ],
)
def test_the_search_narrows_by_each_of_its_fields(auditor, scene, arguments, found):
    page = auditor.get(f"/audit?{arguments}").text

    assert page.count(f'href="/audit/cases/{scene.number}"') == found


def options_of(page, name):
    """Return [(value, title)] of a select of the page."""
    select = re.search(rf'<select[^>]*name="{name}".*?</select>', page, re.S)
    return re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)<', select[0])


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", ["", "payment", "incubation"])
def test_no_two_moves_of_the_filter_are_called_the_same(auditor, scene, lang, kind):
    titles = [title for _value, title in options_of(auditor.get(f"/audit?kind={kind}&lang={lang}").text, "trigger")]

    assert sorted(titles) == sorted(set(titles))
    # Of all kinds only what more than one of them calls so: a list that can still be looked over.
    assert 3 < len(titles) <= (27 if not kind else 40)


def test_a_title_that_kinds_share_finds_the_moves_of_all_of_them_and_of_one_kind_its_own():
    shared = moves_meant(None, "affiliation.resubmit")

    assert {("affiliation", "resubmit"), ("call", "redraft"), ("payment", "resubmit")} <= set(shared)
    assert moves_meant("call", "affiliation.resubmit") == (("call", "redraft"),)
    assert moves_meant("payment", "resubmit") == (("payment", "resubmit"),)
    assert {kind for kind, _trigger in moves_meant(None, "withdraw")} >= {"bid", "objection"}
    assert moves_meant(None, "nonsense") == (("", "nonsense"),)


def test_what_is_chosen_stands_in_the_list_wherever_it_came_from(auditor, scene):
    page = auditor.get("/audit?trigger=lend").text

    assert ("lend", "Lend") in options_of(auditor.get("/audit?trigger=lend&lang=en").text, "trigger") or "lend" in page
    assert page.count('class="c-chip"') == 1


def test_each_filter_can_be_taken_away_and_all_of_them_at_once(auditor, scene):
    page = auditor.get("/audit?kind=loan&trigger=lend&view=attempts").text

    chips = re.findall(r'class="c-chip" href="([^"]+)"', page)
    assert [chip.replace("&amp;", "&") for chip in chips] == ["/audit?view=attempts", "/audit?kind=loan&view=attempts"]
    assert 'class="c-link" href="/audit?view=attempts"' in page
    assert 'class="c-link" href' not in auditor.get("/audit").text


def test_the_search_finds_a_case_by_its_number_however_it_is_typed(auditor, scene):
    page = auditor.get(f"/audit?q={scene.number.replace('-', '').lower()}").text

    assert page.count(f'href="/audit/cases/{scene.number}"') == 2


def test_the_search_shows_nothing_of_cases_out_of_reach(stranger, scene):
    assert scene.number not in stranger.get("/audit").text
    assert scene.number not in stranger.get("/audit?view=attempts").text
    assert f"/audit/cases/{scene.number}" not in stranger.get(f"/audit?q={scene.number}").text


@pytest.mark.parametrize(
    "arguments", ["trigger=lend", "kind=loan", "kind=loan&trigger=ask", "trigger=ask&to=2026-03-02"]
)
def test_a_search_that_stops_on_its_way_back_goes_on_and_finds_the_same(
    session, scene, auditor, now, monkeypatch, arguments
):
    for n in range(5):
        a_loan(session, scene.district, now + timedelta(seconds=n))

    def found(address):
        numbers, pages = [], 0
        while address:
            page = auditor.get(address).text
            numbers += re.findall(r'class="u-mono" title="([^"]+)"', page)
            following = re.search(r'rel="next" href="([^"]+)"|href="(/audit\?[^"]*after=[^"]+)"', page)
            address = following and (following[1] or following[2]).replace("&amp;", "&")
            pages += 1
        return numbers, pages

    whole, pages = found(f"/audit?{arguments}")
    monkeypatch.setattr("app.audit.queries.LOOK_AT", 2)
    piecemeal, more_pages = found(f"/audit?{arguments}")

    assert whole and piecemeal == whole
    assert pages == 1 < more_pages


def test_a_search_says_how_far_back_it_has_looked(session, scene, auditor, now, monkeypatch):
    for n in range(5):
        a_loan(session, scene.district, now + timedelta(hours=2, seconds=n))
    monkeypatch.setattr("app.audit.queries.LOOK_AT", 3)

    page = auditor.get("/audit?trigger=lend&lang=en").text

    assert "Nothing found so far" in page and "Searched back to" in page and "Search further back" in page
    assert "No move matches" not in page
    assert "Nothing found so far" not in auditor.get("/audit?trigger=lend&q=nobody").text


def test_the_search_is_for_auditors(staff):
    assert staff.get("/audit").status_code == 403


def test_pages_go_by_key_and_miss_no_move(session, scene, auditor, now):
    numbers = [a_loan(session, scene.district, now + timedelta(seconds=n)) for n in range(60)]

    first = auditor.get("/audit").text
    following = re.search(r'rel="next" href="([^"]+)"', first).group(1).replace("&amp;", "&")
    second = auditor.get(following).text

    shown = re.findall(r'href="/audit/cases/([^"]+)"', first + second)
    assert sorted(shown) == sorted([*numbers, scene.number, scene.number])


@pytest.mark.parametrize(
    "after", ["x", "1,2,3", "2026-03-02T00:00:00,1,1", "2026-03-02T00:00:00+00:00,9999999999999999999,1"]
)
def test_a_made_up_key_is_no_error(auditor, after):
    assert auditor.get("/audit", query_string={"after": after}).status_code == 200
    assert auditor.get("/audit", query_string={"after": after, "view": "attempts"}).status_code == 200


def test_the_audit_view_shows_all_that_is_recorded_and_is_remembered(session, scene, auditor):
    page = auditor.get(f"/audit/cases/{scene.number}").text

    assert all(words in page for words in (scene.receipt, "请保持整洁", "活动方案.pdf", "request-7", "居民议事会"))
    assert "13800001234" not in page
    assert reads(session) == [(f"case {scene.number}", "audit view")]


def receipts_on(page):
    """Return the sequences of the moves that stand on a page."""
    return [int(n) for n in re.findall(r'<b id="move-(\d+)"', page)]


def test_a_long_case_shows_each_move_once_and_checks_what_it_shows(scene, auditor, monkeypatch):
    monkeypatch.setattr("app.audit.case_check.PAGE", 1)
    monkeypatch.setattr("app.audit.case_page.PAGE", 1)
    monkeypatch.setattr("app.audit.case_check.WHOLE", 1)
    address = f"/audit/cases/{scene.number}"

    first = auditor.get(f"{address}?lang=en").text
    last = auditor.get(f"{address}?after=1").text
    beyond = auditor.get(f"{address}?after=999999999999").text
    whole = auditor.post(f"{address}/verify").text

    assert [receipts_on(page) for page in (first, last, beyond, whole)] == [[1], [2], [2], [1]]
    assert "Moves 1 to 1 of 2 recomputed" in first and "Moves 2 to 2 of 2 recomputed" in last
    assert "2 moves recomputed from their bytes" in whole and "The moves shown here hold" not in whole
    assert f'rel="next" href="{address}?after=1"' in first and 'rel="prev"' not in first
    assert f'rel="prev" href="{address}?after=0"' in last and 'rel="next"' not in last


def test_attempts_and_reads_of_a_case_go_by_key_and_each_is_shown_once(session, scene, auditor, monkeypatch):
    monkeypatch.setattr("app.audit.queries.BESIDE", 2)
    address = f"/audit/cases/{scene.number}"
    session.execute(text("""INSERT INTO attempts (at, case_id, kind, trigger, person_id, code, reasons, request_id)
        SELECT a.at, a.case_id, a.kind, a.trigger, a.person_id, a.code, a.reasons, 'tried-' || n
          FROM attempts a, generate_series(1, 4) n"""))
    session.commit()

    pages, following = [auditor.get(address).text], True
    while following:
        following = re.search(r'rel="next" href="([^"]+)#attempts"', pages[-1])
        pages += [auditor.get(following.group(1)).text] if following else []
    assert [re.findall("tried-[1-4]", page) for page in pages] == [["tried-1"], ["tried-2", "tried-3"], ["tried-4"]]
    assert [f'rel="prev" href="{address}#attempts"' in page for page in pages] == [False, True, True]

    looked, following = [auditor.get(address).text], True  # the fourth look; each was written down
    while following:
        following = re.search(r'rel="next" href="([^"]+)#reads"', looked[-1])
        looked += [auditor.get(following.group(1).replace("&amp;", "&")).text] if following else []
    seen = [page.split('id="reads"')[1].count("<li>") for page in looked]
    assert seen[:2] == [2, 1] and len(seen) == 2


@pytest.mark.parametrize(
    "query", ["attempts=x", "attempts=99999999999999999999", "transfers=-1", "reads=1,2", "reads=x"]
)
def test_a_made_up_key_of_a_list_beside_the_moves_is_no_error(auditor, scene, query):
    assert auditor.get(f"/audit/cases/{scene.number}?{query}").status_code == 200


def test_a_changed_move_of_a_long_case_is_found_on_its_page_and_by_checking_again(
    scene, auditor, common_database, monkeypatch
):
    monkeypatch.setattr("app.audit.case_check.PAGE", 1)
    monkeypatch.setattr("app.audit.case_page.PAGE", 1)
    monkeypatch.setattr("app.audit.case_check.WHOLE", 1)
    common_database[1].execute("UPDATE history SET trigger = 'decline' WHERE sequence = 2")
    address = f"/audit/cases/{scene.number}"

    here = auditor.get(f"{address}?after=1&lang=en").text
    elsewhere = auditor.get(address).text
    whole = auditor.post(f"{address}/verify").text

    assert f"{scene.number}:2: trigger" in here and "broken here" in here
    assert "The moves shown here hold" in elsewhere
    assert f"{scene.number}:2: trigger" in whole and f'href="{address}?after=1#move-2"' in whole


def test_a_move_that_is_gone_from_a_page_is_named(scene, auditor, common_database, monkeypatch):
    monkeypatch.setattr("app.audit.case_check.PAGE", 1)
    monkeypatch.setattr("app.audit.case_check.WHOLE", 1)
    common_database[1].execute("DELETE FROM history WHERE sequence = 1")

    page = auditor.get(f"/audit/cases/{scene.number}?lang=en").text

    assert f"{scene.number}:1: 缺少该步 / this move is missing" in page


def test_the_audit_view_is_for_those_who_reach_the_case_as_auditors(app, session, scene):
    both = make_actor(
        session, "两处任职", ("registrar", scene.district.district.id),
        ("auditor", make_district(session, "520103").city.id),
    )
    client = client_of(app, session, both)

    assert client.get(f"/cases/{scene.number}").status_code == 200
    assert client.get(f"/audit/cases/{scene.number}").status_code == 404


def test_a_row_that_was_changed_past_all_triggers_is_named(scene, auditor, common_database):
    common_database[1].execute("UPDATE history SET trigger = 'decline' WHERE sequence = 2")

    page = auditor.get(f"/audit/cases/{scene.number}?lang=en").text

    assert f"{scene.number}:2: trigger 列与正文不符 / the column trigger is not what the body says" in page
    assert "broken here" in page


def test_checking_again_reads_the_signed_log_and_every_paper(session, scene, auditor, signer):
    auditor.get(f"/cases/{scene.number}/bundle")
    assert "unchanged" not in auditor.get(f"/audit/cases/{scene.number}?lang=en").text

    page = auditor.post(f"/audit/cases/{scene.number}/verify?lang=en").text
    assert "The history of this case holds" in page
    assert "Their proofs lead to the signed root" in page
    assert "unchanged" in page

    sha = session.execute(text("SELECT sha256 FROM documents")).scalar_one()
    path = path_of(documents_folder(), sha)
    path.chmod(0o600)
    path.write_bytes(b"other")
    assert "Not all papers are what they were" in auditor.post(f"/audit/cases/{scene.number}/verify?lang=en").text


def test_checking_again_finds_a_leaf_that_is_not_the_move(app, session, scene, auditor, signer, common_database):
    auditor.get(f"/cases/{scene.number}/bundle")
    superuser = common_database[1]
    superuser.execute("UPDATE log_leaves SET hash = sha256('other'::bytea) WHERE position = 0")

    page = auditor.post(f"/audit/cases/{scene.number}/verify?lang=en").text

    assert "is not in the log that was signed" in page


def test_moves_that_wait_for_their_signature_are_told_apart(app, session, scene, auditor):
    assert "wait to be signed" in auditor.get(f"/audit/cases/{scene.number}?lang=en").text


def test_the_pages_cost_the_same_however_much_there_is(app, session, scene, auditor, now):
    def cost(address):
        auditor.get(address)
        with counted() as sent:
            assert auditor.get(address).status_code == 200
        return len(sent)

    addresses = ["/audit", "/audit?view=attempts", f"/audit/cases/{scene.number}"]
    before = [cost(address) for address in addresses]
    for _ in range(10):
        a_loan(session, scene.district, now)
    perform(
        session, kind="loan", number=scene.number, trigger="bring_back", actor=scene.district.actors["staff"],
        data={}, revision=2, now=now + timedelta(days=1),
    )

    assert [cost(address) for address in addresses] == before
    assert max(before) <= 20
