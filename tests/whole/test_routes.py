"""What holds for every route, whoever asks: declared access, GETs that leave nothing, no fault of ours."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from app.access.declare import GETS_THAT_WRITE, UndeclaredRoute, allow, check_all_routes, policy_of
from app.access.headers import ALWAYS
from app.access.roles import ROLES
from app.cases.kinds import input_of
from app.delivery.steps import make_codes
from app.doors.api import opening_trigger
from app.extensions import db
from tests.browsing import Person
from tests.seeded import Seeded, User, seeded_copy
from workflows.loader import library

# A GET may leave something in these, and only if its route says so (`writes=`). Sessions are looked at whenever
# somebody signed in asks for anything; signature requests are how a bundle waits for its checkpoint.
TABLES_OF = {
    "reads": {"reads"}, "heartbeat": {"heartbeat"}, "sessions": {"sign_in_sessions"},
    "checkpoints": {"checkpoints", "signature_requests", "reads"},
}
EVERYWHERE = {"sign_in_sessions"}
NOT_THERE = "BL26-0000-0000"


@dataclass(frozen=True)
class Get:
    """A GET route with addresses made of seeded data, one for each value of its parameters."""

    rule: str
    endpoint: str
    addresses: tuple[str, ...]


@pytest.fixture(scope="module")
def gets(seeded: Seeded) -> list[Get]:
    """Every GET route, its parameters filled from the seed."""
    found = []
    for rule in seeded.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()):
            addresses = tuple(dict.fromkeys(_addresses(seeded, rule)))
            assert addresses, f"no values are known for {rule.rule}; name them in _values()"
            found.append(Get(rule.rule, rule.endpoint, addresses))
    return found


def _addresses(seeded: Seeded, rule: Rule) -> Iterator[str]:
    names = sorted(rule.arguments)
    if not names:
        yield rule.rule
        return
    with seeded.app.test_request_context():
        for values in _values(seeded, rule, names):
            built = rule.build(values)
            assert built is not None, f"{rule.rule} cannot be built from {values}"
            yield built[1]


def _values(seeded: Seeded, rule: Rule, names: list[str]) -> Iterator[dict[str, Any]]:
    if "number" in names:
        for number in _one_case_per_state(seeded):
            if names == ["number"]:
                yield {"number": number}
            elif names == ["number", "trigger"]:
                for trigger in ("answer_correction", "approve", "check_business", "resubmit", "withdraw", "no_such"):
                    yield {"number": number, "trigger": trigger}
            else:
                for sequence in (1, 99):
                    yield {"number": number, **dict.fromkeys(set(names) - {"number"}, sequence)}
        return
    simple: dict[str, list[Any]] = {
        "kind": [*_column(seeded, "SELECT DISTINCT kind FROM cases ORDER BY kind"), "no_such"],
        "line_id": _column(seeded, "SELECT id FROM budget_lines"),
        "organization_id": _column(seeded, "SELECT id FROM organizations ORDER BY id LIMIT 4"),
        "node_id": _column(seeded, "SELECT node_id FROM hubs UNION SELECT node_id FROM incubators ORDER BY node_id"),
        "contract_id": _column(seeded, "SELECT id FROM contracts ORDER BY id LIMIT 2"),
        "document_id": _column(seeded, "SELECT id FROM documents ORDER BY issued DESC, id LIMIT 6"),
        "statement_id": [1], "export_id": [1],
        "delivery_id": _column(seeded, "SELECT id FROM deliveries LIMIT 2"),
        "token": ["no-such-token"], "code": [_rating_code(seeded), "no-such-code"], "name": ["app.css", "no-such"],
        "filename": ["mark.svg", "no-such"], "trigger": ["apply", "no_such"], "index": [0, 10**6],
    }
    for value in simple[names[0]]:
        yield {names[0]: value, **{name: simple[name][0] for name in names[1:]}}


@cache
def _rating_code(seeded: Seeded) -> str:
    """Return a code that opens the rating of a seeded evaluation; codes are nowhere but in this answer."""
    case_id = _column(seeded, "SELECT id FROM cases WHERE kind = 'evaluation' AND state = 'commissioned' ORDER BY id")
    with seeded.app.app_context():
        code = make_codes(db.session, case_id[0])[0]
        db.session.commit()
    return code


def _column(seeded: Seeded, statement: str) -> list[Any]:
    return [row[0] for row in seeded.rows(statement)]


def _one_case_per_state(seeded: Seeded) -> list[str]:
    return _column(seeded, "SELECT DISTINCT ON (kind, state) number FROM cases ORDER BY kind, state, id")


def everybody(seeded: Seeded) -> list[tuple[str, User | None]]:
    """Return one user for each role, and nobody."""
    return [("nobody", None), *sorted(seeded.one_per_role().items())]


def addresses_for(seeded: Seeded, user: User | None, get: Get) -> tuple[str, ...]:
    """Return all addresses for who reaches everything; for the others those of cases they reach, and one more."""
    if "<number>" not in get.rule or (user is not None and user.name == "all-auditor"):
        return get.addresses
    if "bundle" in get.endpoint:
        return get.addresses[:1]
    reached = _reached(seeded, user) if user is not None else []
    return tuple(a for a in get.addresses if any(number in a for number in reached)) + get.addresses[:1]


@cache
def _reached(seeded: Seeded, user: User) -> list[str]:
    answer = seeded.program(user).get("/api/v1/worklist?limit=1")
    return [row["number"] for row in answer.json["cases"]]


def fingerprint(seeded: Seeded) -> dict[str, Any]:
    """Return for every table what changes when any row is added, removed or written again."""
    tables = _column(
        seeded, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    asked = " UNION ALL ".join(
        f"SELECT '{table}', count(*), coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) FROM \"{table}\""
        for table in tables
    )
    return {row[0]: (row[1], row[2]) for row in seeded.rows(asked)}


def transactions(seeded: Seeded) -> str:
    """Return what grows with every transaction that writes anything, and with no other."""
    return str(seeded.rows("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")[0][0])


def listed(rows: list[tuple[Any, ...]]) -> str:
    """Return all of it, a line each."""
    return "\n" + "\n".join(str(row) for row in rows)


def test_the_seed_has_somebody_for_every_role(seeded):
    assert set(seeded.one_per_role()) == set(ROLES)


def test_every_route_says_who_may_use_it(seeded):
    undeclared = [r.rule for r in seeded.app.url_map.iter_rules() if policy_of(seeded.app, r.endpoint) is None]

    assert undeclared == []


def test_an_application_with_an_undeclared_route_does_not_start():
    app = Flask("bare")

    @app.get("/forgotten")
    def forgotten() -> str:
        return "anybody may read this"

    with pytest.raises(UndeclaredRoute, match="/forgotten"):
        check_all_routes(app)


def test_a_get_names_what_it_leaves_behind_and_only_what_is_on_the_list(seeded):
    named = {
        rule.endpoint: policy_of(seeded.app, rule.endpoint).writes
        for rule in seeded.app.url_map.iter_rules() if "GET" in (rule.methods or ())
        and policy_of(seeded.app, rule.endpoint).writes is not None
    }

    assert set(named.values()) <= set(GETS_THAT_WRITE)
    with pytest.raises(ValueError, match="may write only"):
        allow("signed_in", writes="cases")


@pytest.mark.timeout(1200)
def test_no_get_writes_but_what_it_declares_and_none_fails_whoever_asks(seeded, gets):
    faults, writes = [], []
    for role, user in everybody(seeded):
        client = seeded.browser(user)
        before, written = fingerprint(seeded), transactions(seeded)
        for get in gets:
            declared = policy_of(seeded.app, get.endpoint).writes
            allowed = EVERYWHERE | TABLES_OF.get(str(declared), set())
            for address in addresses_for(seeded, user, get):
                status = client.get(address).status_code
                if status >= 500 and not (status == 503 and declared == "checkpoints"):
                    faults.append((role, address, status))
            if transactions(seeded) == written:
                continue
            after, written = fingerprint(seeded), transactions(seeded)
            writes += [(role, get.rule, name) for name in after if after[name] != before[name] and name not in allowed]
            before = after

    assert not faults, listed(faults)
    assert not writes, listed(writes)


LARGE = "9" * 25


@pytest.mark.parametrize("query", [
    "after=%00&q=%00&kind=%00&place=%00&code=%00&lang=%00", f"after={LARGE}", "after=x,y&kind=no&status=x&due=x",
    f"before={LARGE}&limit={LARGE}&year={LARGE}&organization={LARGE}&page={LARGE}", "before=-1&year=-1&limit=-1",
    "q=%ED%A0%80&place=%F0%9F%98%80&code=%ED%A0%80", "q=" + "a" * 3000 + "&kind=" + "b" * 3000,
    "place=no&holder=x&case=x&next=//evil.example", "q=%25_%5C'\"%3B--&after=2026-01-01T00:00:00%2B08:00,1",
])
def test_odd_questions_are_answered_and_are_never_a_fault_of_ours(seeded, gets, query):
    faults = []
    for user in (None, seeded.user("all-auditor"), seeded.user("bj-staff0"), seeded.user("bj-finance_officer")):
        client = seeded.browser(user)
        for get in gets:
            if "bundle" in get.endpoint:
                continue
            address = get.addresses[0]
            answer = client.get(f"{address}?{query}")
            if answer.status_code >= 500:
                faults.append((user.name if user else None, address, answer.status_code))

    assert not faults, listed(faults)


@pytest.mark.parametrize("number", [
    "%00", "BL26%00", "x" * 500, "..", "%ED%A0%80", "-", "9999999999999999999999999", "%F0%9F%98%80",
])
def test_odd_numbers_of_cases_are_not_found(seeded, number):
    client = seeded.browser(seeded.user("all-auditor"))
    for address in ("/cases/{}", "/cases/{}/receipt", "/api/v1/cases/{}", "/cases/{}/do/withdraw"):
        assert client.get(address.format(number)).status_code in (308, 404), address


def test_an_outsiders_answer_is_that_of_a_case_which_does_not_exist(seeded, gets):
    number = seeded.cases("payment")[0]
    told = []
    for name in ("gy-staff0", "gy-registrar", "gy-auditor", "gy-system_admin", "bj-staff13"):
        client = seeded.browser(seeded.user(name))
        for get in gets:
            if "<number>" not in get.rule:
                continue
            for address in (a for a in get.addresses if number in a):
                there, nowhere = client.get(address), client.get(address.replace(number, NOT_THERE))
                told.append((name, address))
                assert there.status_code == nowhere.status_code, (name, address)
                if there.status_code != 303:
                    assert _plain(there.text, number) == _plain(nowhere.text, NOT_THERE), (name, address)
    assert told


def _plain(body: str, number: str) -> str:
    """Take out what differs with every request, and the number that the asker has typed."""
    return re.sub(r"\b[0-9a-f]{16}\b|[\w.-]{60,}", "", body).replace(number, "")


def test_an_outsider_cannot_move_or_probe_a_case_through_any_post(seeded):
    number = seeded.cases("payment", "finance_checked")[0]
    browser, program = seeded.browser(seeded.user("gy-staff0")), seeded.program(seeded.user("gy-staff0"))
    for n, kind in enumerate(("payment", "registration")):
        answers = []
        for case in (number, NOT_THERE):
            answer = program.post(f"/api/v1/cases/{kind}/{case}/approve", json={"revision": 1, "data": {}},
                                  headers={"Idempotency-Key": f"outside{n}"})
            answers.append((answer.status_code, {k: v for k, v in answer.json.items() if k != "request_id"}))
        assert answers[0] == answers[1]
        assert answers[0][0] == 404
    for address in ("/cases/{}", "/cases/{}/do/approve", "/drafts/payment/approve?case={}"):
        there = browser.post(address.format(number), data={"trigger": "approve"})
        nowhere = browser.post(address.format(NOT_THERE), data={"trigger": "approve"})
        assert (there.status_code, nowhere.status_code) == (404, 404)
        assert _plain(there.text, number) == _plain(nowhere.text, NOT_THERE)


def posts(app: Flask) -> list[Rule]:
    """Return every route that writes."""
    return [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]


def _sample(rule: Rule) -> str:
    return re.sub(r"<int:[a-z_]+>", "1", re.sub(r"<(?!int:)[a-z_]+>", "x", rule.rule))


def test_every_post_that_rests_on_a_cookie_needs_the_forms_token(server, tmp_path_factory):
    with seeded_copy(server, tmp_path_factory, WTF_CSRF_ENABLED=True) as strict:
        client = strict.browser(strict.user("bj-registrar"))
        before = fingerprint(strict)
        for rule in posts(strict.app):
            answer = client.post(_sample(rule), headers={"Idempotency-Key": "k"})
            assert answer.status_code in (400, 403), (rule.rule, answer.status_code)
            if answer.status_code == 400 and rule.rule.startswith("/api/"):
                assert answer.json["code"] == "foreign_request", rule.rule
        after = fingerprint(strict)
    assert {name for name in after if after[name] != before[name]} <= EVERYWHERE


def test_a_form_of_our_own_page_carries_its_token_and_is_taken(server, tmp_path_factory):
    with seeded_copy(server, tmp_path_factory, WTF_CSRF_ENABLED=True) as strict:
        number = strict.cases("registration", "submitted")[0]
        registrar = Person(strict.browser(strict.user("bj-registrar")))

        registrar.decide(number, "accept")

        assert strict.rows("SELECT state FROM cases WHERE number = :n", n=number) == [("accepted",)]


ODD_FORMS = [
    {}, {"_key": "k" * 5000, "_revision": "x", "trigger": "\ufffd"}, {"_revision": str(2**70), "trigger": "accept"},
    {"nul": "\0"}, {"_save": "1", "_draft_revision": "x"}, {"_add_row": "x", "_remove_row": "-"},
    {"role": "no", "node": str(2**70), "person": "x", "until": "9999-12-31", "step": "next"},
    {"until": "x", "statement": "x", "file": "x", "next": "//evil.example", "locale": "x", "password": "x"},
]


def test_no_post_of_nonsense_is_a_fault_of_ours(server, tmp_path_factory):
    faults = []
    with seeded_copy(server, tmp_path_factory) as made:
        number = made.cases("registration", "correcting")[0]
        for name in ("all-auditor", "bj-registrar", "bj-staff1", "bj-system_admin"):
            client = made.browser(made.user(name))
            for rule in posts(made.app):
                if rule.rule in ("/sign-out", "/sign-in"):
                    continue  # the one ends the session, the other hashes for its own tests
                address = _sample(rule).replace("/cases/x", f"/cases/{number}").replace("/x", "/answer_correction")
                for form in ODD_FORMS:
                    answer = client.post(address, data=form, headers={"Idempotency-Key": "k"})
                    if answer.status_code >= 500:
                        faults.append((name, address, form))

    assert not faults, listed(faults)


def test_a_post_from_another_site_is_refused_even_where_tokens_are_switched_off(seeded):
    client = seeded.browser(seeded.user("bj-registrar"))
    for rule in posts(seeded.app):
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            assert client.post(_sample(rule), headers=headers).status_code in (400, 403), rule.rule


def test_every_post_of_the_api_without_a_key_is_told_so(seeded):
    asked = [rule for rule in posts(seeded.app) if rule.rule.startswith("/api/")]
    assert len(asked) >= 5
    for rule in asked:
        # Whoever may not come in at all is told that first.
        auditors = policy_of(seeded.app, rule.endpoint).roles == ("auditor",)
        program = seeded.program(seeded.user("all-auditor" if auditors else "bj-staff0"))
        for headers in ({}, {"Idempotency-Key": "  "}, {"Idempotency-Key": "k" * 201}):
            answer = program.post(_sample(rule), json={"data": {}}, headers=headers)
            assert (answer.status_code, answer.json["code"]) == (400, "key_missing"), rule.rule


@pytest.mark.parametrize("odd", ["\ud800", "\x00"])
def test_text_that_is_none_opens_no_case_of_any_kind_and_is_no_fault_of_ours(seeded, odd):
    faults = []
    for name in ("bj-staff0", "bj-project_officer", "bj-registrar"):
        program = seeded.program(seeded.user(name))
        for kind in library().kinds():
            schema = input_of(kind, opening_trigger(kind))
            data = dict.fromkeys(schema().fields if schema else (), odd)
            key = {"Idempotency-Key": f"{name} {kind} {ord(odd)}"}
            told = json.dumps({"data": data})  # as escapes: bytes of half a sign would be no UTF-8
            answer = program.post(f"/api/v1/cases/{kind}", data=told, content_type="application/json", headers=key)
            if not 400 <= answer.status_code < 500:
                faults.append((name, kind, answer.status_code))

    assert not faults, listed(faults)


def test_every_post_asks_who_comes(seeded):
    public = {rule.endpoint for rule in posts(seeded.app) if policy_of(seeded.app, rule.endpoint).who == "public"}
    client = seeded.app.test_client()

    for rule in posts(seeded.app):
        if rule.endpoint not in public:
            answer = client.post(_sample(rule), headers={"Idempotency-Key": "k"})
            assert answer.status_code == (401 if rule.rule.startswith("/api/") else 303), rule.rule
    assert {rule.rule for rule in posts(seeded.app) if rule.endpoint in public} == {
        "/sign-in", "/sign-out", "/invitations/<token>", "/new-password/<token>", "/language",
        "/rate/<code>",  # beneficiaries have no accounts: the one-time code is what lets them in
    }


def test_a_code_that_opens_nothing_rates_nothing(seeded):
    before = fingerprint(seeded)

    answer = seeded.app.test_client().post("/rate/no-such-code", data={"stars": "5", "comment": "good"})

    assert answer.status_code == 404
    assert fingerprint(seeded) == before


def test_every_answer_carries_the_security_headers_errors_too(seeded, gets):
    anybody, officer = seeded.app.test_client(), seeded.browser(seeded.user("bj-finance_officer"))
    quick = [get for get in gets if "bundle" not in get.endpoint]
    answers = [(get.rule, client.get(get.addresses[0])) for get in quick for client in (anybody, officer)]
    answers += [
        ("404", anybody.get("/no-such-page")), ("404 json", anybody.get("/api/v1/no-such")),
        ("405", anybody.post("/healthz")), ("400", officer.post("/cases/x", headers={"Origin": "https://e.example"})),
        ("401", anybody.get("/api/v1/worklist")), ("403", officer.get("/people")),
    ]
    for rule, answer in answers:
        missing = [name for name, value in ALWAYS.items() if name not in answer.headers]
        assert missing == [], rule
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'"), rule


def test_a_fault_of_ours_says_nothing_of_itself_and_carries_the_headers(seeded, monkeypatch):
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("app.doors.list_pages.worklist", broken)
    monkeypatch.setattr("app.doors.api.worklist", broken)
    client = seeded.browser(seeded.user("bj-registrar"))
    seeded.app.testing = False
    try:
        page, told = client.get("/worklist"), client.get("/api/v1/worklist")
    finally:
        seeded.app.testing = True

    assert (page.status_code, told.status_code) == (500, 500)
    assert "secret detail" not in page.text + told.text
    assert told.json["code"] == "our_fault"
    assert told.json["request_id"]
    assert set(ALWAYS) <= set(page.headers.keys())


def test_what_somebody_saw_while_signed_in_is_kept_by_no_cache(seeded, gets):
    client = seeded.browser(seeded.user("bj-finance_officer"))
    for get in gets:
        if policy_of(seeded.app, get.endpoint).needs_sign_in and "bundle" not in get.endpoint:
            assert "no-store" in client.get(get.addresses[0]).headers.get("Cache-Control", ""), get.rule


def test_no_page_sends_a_browser_elsewhere(seeded, gets):
    outside = re.compile(r"""(?:src|href|action|poster|data-swap)\s*=\s*["']?(?:https?:)?//[^"'\s>]*""")
    client = seeded.browser(seeded.user("all-auditor"))
    found = [
        (get.rule, hit) for get in gets if "bundle" not in get.endpoint
        for hit in outside.findall(client.get(get.addresses[0]).get_data().decode(errors="replace"))
    ]

    assert not found, listed(found)


def test_a_head_request_is_answered_like_a_get_without_a_body(seeded):
    client: FlaskClient = seeded.browser(seeded.user("bj-registrar"))
    for address in ("/", "/worklist", "/cases", "/guide", "/organizations"):
        answer = client.head(address)
        assert (answer.status_code, answer.data) == (200, b"")


