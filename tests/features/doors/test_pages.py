"""The pages of cases: nothing typed is lost, nothing happens twice, whoever is late is told what happened."""

import io
import re
from html import unescape

import pytest

from app.demo.building import one_page_pdf
from app.ledger.accounts import AccountKey
from app.ledger.transfers import NotEnough
from tests.builders import grant_role, make_organization
from tests.queries import rows_in
from tests.typed import TYPED, fields_of, hand_in

# -- a form with mistakes


def test_a_form_with_mistakes_comes_back_with_everything_that_was_typed(staff):
    answer = hand_in(staff, deposit_fen="hundred", day="", purpose="x" * 101)

    assert answer.status_code == 422
    back = fields_of(answer.text)
    assert (back["deposit_fen"], back["day"], back["purpose"]) == ("hundred", "", "x" * 101)
    assert back["phone"] == "13800001234"
    assert answer.text.count('aria-invalid="true"') == 3
    for anchor in ("deposit_fen", "day", "purpose"):
        assert f'href="#{anchor}"' in answer.text and f'id="{anchor}"' in answer.text


def test_all_mistakes_are_told_at_once_whether_they_can_be_read_or_not(staff):
    answer = hand_in(staff, deposit_fen="hundred", phone="")

    assert 'id="deposit_fen-error"' in answer.text and 'id="phone-error"' in answer.text


def test_an_uploaded_file_stays_though_another_answer_is_wrong(desk, staff):
    first = hand_in(staff, **{"documents-plan-file": (io.BytesIO(one_page_pdf("plan")), "plan.pdf"), "day": ""})
    second = staff.post("/apply/loan", data={**fields_of(first.text), "day": "2026-12-20"})

    assert first.status_code == 422
    assert "plan.pdf" in first.text
    assert second.status_code == 303
    number = second.headers["Location"].split("/")[2]
    assert [(d["slot"], d["name"]) for d in desk.case(number)["documents"]] == [("plan", "plan.pdf")]


def test_a_file_that_is_refused_is_told_at_its_slot_with_the_other_mistakes_and_nothing_is_handed_in(desk, staff):
    answer = hand_in(staff, **{"documents-plan-file": (io.BytesIO(b"MZ nonsense"), "plan.pdf"), "day": "",
                               "deposit_fen": "x"})

    assert answer.status_code == 422
    assert 'id="documents-plan-file-error"' in answer.text
    assert 'id="day-error"' in answer.text and 'id="deposit_fen-error"' in answer.text
    assert fields_of(answer.text)["purpose"] == TYPED["purpose"]
    assert (rows_in(desk.session, "cases"), rows_in(desk.session, "documents")) == (0, 0)


def test_an_unticked_paper_is_left_out(desk, staff):
    first = hand_in(staff, **{"documents-plan-file": (io.BytesIO(one_page_pdf("plan")), "plan.pdf"), "day": ""})
    posted = {k: v for k, v in fields_of(first.text).items() if k != "documents-plan"}
    answer = staff.post("/apply/loan", data={**posted, "day": "2026-12-20"})

    assert desk.case(answer.headers["Location"].split("/")[2])["documents"] == []


def test_what_is_refused_beyond_the_form_comes_back_on_the_form(desk, staff, monkeypatch):
    def empty(*_args, **_named):
        raise NotEnough(AccountKey(1, "available"), 2, 1)

    monkeypatch.setattr("app.doors.case_forms.perform", empty)
    answer = hand_in(staff)

    assert answer.status_code == 409
    assert fields_of(answer.text)["purpose"] == TYPED["purpose"]


def test_markup_that_was_typed_is_shown_as_text(staff, registrar):
    answer = hand_in(staff, purpose="<script>alert(1)</script>")
    number = answer.headers["Location"].split("/")[2]

    for page in (registrar.get(f"/cases/{number}"), registrar.get("/worklist"), registrar.get("/cases")):
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert" in page.text


# -- once


def test_a_form_that_is_sent_twice_opens_one_case_and_both_answers_lead_to_it(desk, staff):
    page = {**fields_of(staff.get("/apply/loan").text), **TYPED}

    answers = [
        staff.post("/apply/loan", data={
            **page, "documents-plan-file": (io.BytesIO(one_page_pdf("plan")), "plan.pdf")
        }) for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert (rows_in(desk.session, "cases"), rows_in(desk.session, "documents")) == (1, 1)


def test_a_decision_that_is_sent_twice_is_made_once_and_both_answers_lead_to_the_case(desk, registrar):
    number = desk.asked()
    form = {**fields_of(registrar.get(f"/cases/{number}").text), "trigger": "lend"}

    answers = [registrar.post(f"/cases/{number}", data=form) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert desk.case(number)["revision"] == 2


def test_a_form_sent_again_with_other_answers_is_told_so(desk, staff):
    page = {**fields_of(staff.get("/apply/loan").text), **TYPED}
    staff.post("/apply/loan", data=page)

    again = staff.post("/apply/loan", data={**page, "purpose": "别的用途"})

    assert again.status_code == 409
    assert "sent before" in unescape(again.text)
    assert fields_of(again.text)["purpose"] == "别的用途"
    assert rows_in(desk.session, "cases") == 1


# -- too late


def test_a_decision_on_an_old_page_is_told_what_happened_meanwhile(desk, registrar):
    number = desk.asked()
    old = {**fields_of(registrar.get(f"/cases/{number}").text), "trigger": "lend", "lend-remark": "钥匙在前台"}
    desk.move(number, "decline", {"revision": 1, "data": {}})

    answer = registrar.post(f"/cases/{number}", data=old)

    assert answer.status_code == 409
    assert "Decline" in answer.text and "Declined" in answer.text
    assert "it has changed since you opened it" in unescape(answer.text)
    assert desk.case(number)["revision"] == 2


def test_what_was_typed_for_a_step_that_is_gone_stays_on_the_page_to_be_copied(desk, registrar):
    number = desk.asked()
    old = {**fields_of(registrar.get(f"/cases/{number}").text), "trigger": "lend",
           "lend-remark": "钥匙在前台 <b>二楼</b>", "decline-remark": ""}
    desk.move(number, "decline", {"revision": 1, "data": {}})

    answer = registrar.post(f"/cases/{number}", data=old)

    kept = re.search(r'<div class="c-kept".*?</textarea>', answer.text, re.S).group(0)
    assert answer.status_code == 409
    assert re.search(r"<textarea[^>]* readonly>([^<]*)<", kept).group(1) == "钥匙在前台 &lt;b&gt;二楼&lt;/b&gt;"
    assert "Lend it" in kept and "Nothing of it was handed in" in kept and "data-copy=" in kept


def test_a_step_that_is_still_offered_after_a_conflict_keeps_its_text_in_its_own_form(desk, registrar):
    number = desk.asked()
    old = {**fields_of(registrar.get(f"/cases/{number}").text), "trigger": "lend", "lend-remark": "钥匙在前台",
           "_revision": "0"}

    answer = registrar.post(f"/cases/{number}", data=old)

    assert answer.status_code == 409
    assert 'class="c-kept"' not in answer.text
    assert fields_of(answer.text)["lend-remark"] == "钥匙在前台"


def test_a_refused_decision_keeps_what_was_typed_and_says_why(desk):
    number = desk.asked()
    asker = desk.district.actors["staff"]
    grant_role(desk.session, asker.person_id, "registrar", desk.district.district.id)
    desk.session.commit()
    browser = desk.browser("staff")
    form = {**fields_of(browser.get(f"/cases/{number}").text), "trigger": "lend", "lend-remark": "钥匙在前台"}

    answer = browser.post(f"/cases/{number}", data=form)

    assert answer.status_code == 403
    assert "You have already handled this case" in answer.text
    assert rows_in(desk.session, "attempts") == 1


def test_a_decision_without_a_choice_asks_for_one(desk, registrar):
    number = desk.asked()

    triggers = ("", "no_such", "ask", "lend_by_silence")
    answers = [registrar.post(f"/cases/{number}", data={"trigger": trigger}) for trigger in triggers]

    assert [answer.status_code for answer in answers] == [422, 422, 422, 422]
    assert all("Choose what to do." in answer.text for answer in answers)


def test_a_decision_with_a_mistake_shows_it_at_the_field_and_keeps_the_choice(desk, registrar):
    number = desk.asked()
    form = {**fields_of(registrar.get(f"/cases/{number}").text), "trigger": "lend", "lend-remark": "x" * 101}

    answer = registrar.post(f"/cases/{number}", data=form)

    assert answer.status_code == 422
    assert re.search(r'<input type="radio" name="trigger" value="lend"[^>]* checked', answer.text)
    assert fields_of(answer.text)["lend-remark"] == "x" * 101
    assert 'id="lend-remark-error"' in answer.text


def test_a_page_for_a_move_that_leads_on_no_more_sends_back_to_the_case(seeded):
    staff = seeded.browser(seeded.user("bj-staff2"))  # whose application was accepted without any correction
    number = seeded.cases("registration", "accepted")[0]

    answer = staff.get(f"/cases/{number}/do/answer_correction")

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/cases/{number}")
    assert staff.get(f"/cases/{number}/do/no_such").status_code == 404


# -- tables without script


@pytest.fixture
def asking(seeded):
    """The registrar of the seed, before the form that asks for a correction."""
    return seeded.browser(seeded.user("bj-registrar")), seeded.cases("registration", "submitted")[0]


def test_rows_are_added_and_removed_by_buttons_and_nothing_typed_is_lost(asking):
    registrar, number = asking
    address = f"/cases/{number}/do/ask_correction"
    page = fields_of(registrar.get(address).text)
    first = {**page, "items-0-what": "章程", "items-0-wrong": "缺页", "items-0-mend": "补齐", "contact": "一号窗口"}

    more = registrar.post(address, data={**first, "_add_row": "items"})
    typed = {**fields_of(more.text), "items-1-what": "申请书"}
    most = registrar.post(address, data={**typed, "_add_row": "items"})
    less = registrar.post(address, data={**fields_of(most.text), "_remove_row": "items-0"})

    assert [answer.status_code for answer in (more, most, less)] == [200, 200, 200]
    assert re.findall(r'name="(items-\d+)-what"', more.text) == ["items-0", "items-1"]
    assert re.findall(r'name="(items-\d+)-what"', most.text) == ["items-0", "items-1", "items-2"]
    back = fields_of(less.text)
    assert back["contact"] == "一号窗口"
    assert [value for name, value in back.items() if name.endswith("-what")] == ["申请书", ""]


def test_adding_a_row_decides_nothing(seeded, asking):
    registrar, number = asking
    address = f"/cases/{number}/do/ask_correction"
    registrar.post(address, data={**fields_of(registrar.get(address).text), "_add_row": "items"})

    assert seeded.rows("SELECT state FROM cases WHERE number = :n", n=number) == [("submitted",)]


def test_a_row_with_a_mistake_keeps_the_other_rows_and_is_told_apart_from_them(asking):
    registrar, number = asking
    address = f"/cases/{number}/do/ask_correction"
    page = fields_of(registrar.get(address).text)
    answer = registrar.post(address, data={
        **page, "items-0-what": "章程", "items-0-wrong": "缺页", "items-0-mend": "补齐",
        "items-1-what": "申请书", "items-1-wrong": "", "items-1-mend": "重填",
    })

    assert answer.status_code == 422
    back = fields_of(answer.text)
    assert (back["items-0-what"], back["items-1-what"], back["items-1-mend"]) == ("章程", "申请书", "重填")
    assert 'href="#items-1-wrong"' in answer.text and 'href="#items-0-wrong"' not in answer.text
    assert 'href="#contact"' in answer.text


@pytest.mark.parametrize("button", [
    {"_add_row": "no_such"}, {"_remove_row": "items-9"}, {"_add_row": "items-0"}, {"_remove_row": "contact"},
    {"_add_row": "items", "_remove_row": "items-0"},
])
def test_odd_buttons_do_no_harm(asking, button):
    registrar, number = asking
    address = f"/cases/{number}/do/ask_correction"

    assert registrar.post(address, data={**fields_of(registrar.get(address).text), **button}).status_code == 200


# -- opening


def test_who_works_for_several_organizations_chooses_one_first(desk):
    person = desk.district.actors["staff"].person_id
    second = make_organization(desk.session, desk.district.district, "第二家服务中心（示例）")
    grant_role(desk.session, person, "staff", second.node_id)
    desk.session.commit()
    browser = desk.browser("staff")

    chooser = browser.get("/apply/loan")
    address = f"/apply/loan?organization={second.id}"
    page = browser.get(address).text
    answer = browser.post(address, data={**fields_of(page), **TYPED})
    number = answer.headers["Location"].split("/")[2]

    assert "第二家服务中心" in chooser.text and f'href="{address}"' in chooser.text
    assert desk.case(number)["organization"] == second.id
    assert browser.get("/apply/loan?organization=999999").status_code == 404


def test_who_has_no_organization_is_told_and_opens_nothing(desk, registrar):
    page = registrar.get("/apply/loan")
    answer = registrar.post("/apply/loan", data=TYPED)

    assert page.status_code == 200
    assert answer.status_code in (403, 422)
    assert rows_in(desk.session, "cases") == 0


def test_an_unknown_kind_has_no_form(staff):
    assert staff.get("/apply/no_such").status_code == 404
    assert staff.post("/apply/no_such", data={}).status_code == 404


def test_the_receipt_names_number_time_and_next_step(staff):
    address = hand_in(staff).headers["Location"]
    page = staff.get(address).text

    assert address.split("/")[2] in page
    assert re.search(r":1:[0-9a-f]{64}", page)
    assert "Please wait for the answer." in page


# -- the case page


def test_the_history_on_the_page_is_newest_first_with_who_and_what(desk, registrar):
    number = desk.asked()
    desk.move(number, "lend", {"revision": 1, "data": {"remark": "钥匙在前台"}})
    page = registrar.get(f"/cases/{number}").text

    history = page[page.index('id="history"'):]
    assert history.index("Lend it") < history.index("Ask for a room")
    assert "示例registrar" in history and "钥匙在前台" in history


def test_a_long_history_is_shown_newest_first_page_by_page(desk, registrar, monkeypatch):
    monkeypatch.setattr("app.doors.case_view.MOST_MOVES", 1)
    number = desk.asked()
    desk.move(number, "lend", {"revision": 1, "data": {"remark": "钥匙在前台"}})
    pages = [registrar.get(f"/cases/{number}{query}").text for query in ("", "?before=2", "?before=0", "?before=-9")]

    assert [re.findall(r'id="move-(\d+)"', page) for page in pages] == [["2"], ["1"], ["2"], ["1"]]
    assert f'rel="next" href="/cases/{number}?before=2#history"' in pages[0] and 'rel="prev"' not in pages[0]
    assert f'rel="prev" href="/cases/{number}#history"' in pages[1] and 'rel="next"' not in pages[1]
    assert all("居民议事会" in page for page in pages)  # what was applied for stands on every page


def test_the_deadline_stands_on_page_and_worklist(desk, registrar):
    number = desk.asked()

    assert "intake" in desk.case(number)["clocks"][0]["name"]
    assert "<time" in registrar.get(f"/cases/{number}").text or "due" in registrar.get(f"/cases/{number}").text.lower()
    assert number in registrar.get("/worklist").text


def test_every_page_is_told_in_both_languages(desk, registrar):
    number = desk.asked()

    chinese, english = (registrar.get(f"/cases/{number}?lang={tag}").text for tag in ("zh-CN", "en"))

    assert '<html lang="zh-CN"' in chinese and "场地借用" in chinese and "Loan of a room" not in chinese
    assert '<html lang="en"' in english and "Loan of a room" in english and "场地借用" not in english
