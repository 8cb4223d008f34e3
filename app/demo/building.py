"""How is an invented city built? By the steps that real work takes: people, roles, hubs, money, perform()."""

import io
import secrets
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import create_engine

from app.access.accounts import add_account
from app.access.actor import Actor
from app.access.grants import grant
from app.access.models import Node, Person
from app.access.nodes import AnySession, create_node
from app.access.tokens import issue_token
from app.affiliation.models import Hub
from app.affiliation.steps import recognize_hub
from app.audit.signing import OwnKey
from app.cases.perform import perform
from app.cases.reading import read_case
from app.cases.snapshot import CaseRow
from app.clock import SHANGHAI, real_now
from app.documents.models import Document
from app.documents.store import receive
from app.errors import Answer
from app.ledger.models import BudgetLine
from app.ledger.steps import Because, appropriate, open_budget_line
from app.organizations.checking import TYPE_CODE_OF
from app.organizations.divisions import division as place_of
from app.organizations.models import Organization
from app.organizations.places import territory
from app.organizations.steps import Certificate, Particulars, add_code_range, confirm_entry, open_in_preparation
from app.purchasing.models import Contract
from app.purchasing.steps import ContractTerms, InstalmentTerm, sign_contract
from workflows.rules.uscc import issue

THIRDS = (
    InstalmentTerm(5000, "合同签订后"),
    InstalmentTerm(3000, "中期评估合格后", "mid_evaluation"),
    InstalmentTerm(2000, "验收合格后", "acceptance"),
)


@dataclass(frozen=True)
class Member:
    """Somebody of the invented city: how they sign in, and what they may do."""

    actor: Actor
    login: str
    password: str
    token: str
    roles: list[str]
    organization: str | None


@dataclass
class Builder:
    """Builds invented places in a database, committing as it goes."""

    session: AnySession
    documents: Path
    now: datetime
    members: list[Member] = field(default_factory=list)
    subject: int = 910_000
    representatives: int = 0

    @property
    def today(self) -> date:
        """The business day of the building."""
        return self.now.astimezone(SHANGHAI).date()

    def person(
        self, name: str, login: str, roles: list[tuple[str, Node]], *, password: str | None = None,
        organization: str | None = None,
    ) -> Member:
        """Add a person with an account, an API token and roles, and remember how they sign in."""
        word = password or secrets.token_urlsafe(12)
        person = Person(name=name)
        self.session.add(person)
        self.session.flush()
        account = add_account(self.session, person, login=login, password=word)
        since = self.today - timedelta(days=400)
        for role, node in roles:
            grant(self.session, person_id=person.id, role=role, node=node, on=since, by=None, now=self.now)
        token = issue_token(self.session, account_id=account.id, name="demo", now=real_now(), life=timedelta(days=365))
        actor = Actor(person_id=person.id, account_id=account.id, name=name)
        self.session.commit()
        member = Member(actor, login, word, token, [role for role, _node in roles], organization)
        self.members.append(member)
        return member

    def person_on_case(self, name: str, login: str, role: str, node: Node, case_id: int) -> Member:
        """Add a person who holds a role on one case only."""
        member = self.person(name, login, [])
        since = self.today - timedelta(days=400)
        grant(self.session, person_id=member.actor.person_id or 0, role=role, node=node, on=since, by=None,
              now=self.now, case_id=case_id)
        self.session.commit()
        member.roles.append(role)
        return member

    def place(self, division: str) -> Node:
        """Return the territory with this code, made with all above it if need be."""
        return territory(self.session, division)

    def node(self, node_id: int) -> Node:
        """Return a node by its id."""
        return self.session.get_one(Node, node_id)

    def buyer(self, parent: Node, name_zh: str, name_en: str) -> Node:
        """Add an office that buys services."""
        return create_node(self.session, parent=parent, kind="buyer", name_zh=name_zh, name_en=name_en)

    def hub(self, parent: Node, name_zh: str, name_en: str) -> Hub:
        """Add a recognized hub."""
        return recognize_hub(
            self.session, parent=parent, name_zh=name_zh, name_en=name_en, level="district",
            recognized_on=self.today - timedelta(days=700),
        )

    def codes(self, division: str, first: int) -> None:
        """Give the registrar of a division a range of codes to allot for each legal class that it registers."""
        classes = ("social_service", "association", *(("foundation",) if place_of(division).level <= 1 else ()))
        for begin, legal_type in enumerate(classes):
            # A subject number is given once, whatever the class of its organization.
            start = first + begin * 10_000
            add_code_range(self.session, division=division, legal_type=legal_type, prefix="MJ",
                           first=start, last=start + 9_999)

    def founders(self, division: str, name: str, legal_type: str = "social_service") -> Organization:
        """Add an organization in preparation."""
        return open_in_preparation(
            self.session, name=name, legal_type=legal_type, division=division, now=self.now
        )

    def registered(
        self, division: str, name: str, registrar: Member, years: int = 3, legal_type: str = "social_service"
    ) -> Organization:
        """Add an organization that has stood in the register for some years, as its registrar confirms."""
        organization = open_in_preparation(
            self.session, name=name, legal_type=legal_type, division=division, now=self.now, known_from="list"
        )
        self.subject += 1
        organization.uscc = issue(TYPE_CODE_OF[legal_type], division, f"MJ{self.subject:06d}")
        self.session.flush()
        certificate = Certificate(
            registered_on=self.today - timedelta(days=365 * years), authority="演示登记机关", evidence="演示数据",
            stated=Particulars(
                domicile="示例街道幸福里2号楼底商", legal_representative="何示例", fund_fen=3_000_000,
                scope="社区服务；为老服务；社会工作服务。",
            ),
        )
        confirm_entry(
            self.session, organization_id=organization.id, person_id=registrar.actor.person_id or 0,
            certificate=certificate, now=self.now,
        )
        return organization

    def budget(self, office: Node, code: str, name: str, amount_fen: int) -> BudgetLine:
        """Open a budget line and appropriate money to it."""
        line = open_budget_line(self.session, code=code, name=name, year=self.today.year, node_id=office.id)
        because = Because(now=self.now, reference=f"演示预算批复〔{self.today.year}〕1号")
        appropriate(self.session, line.id, amount_fen, because)
        return line

    def contract(
        self, number: str, title: str, organization: Organization, office: Node, line: BudgetLine, amount_fen: int
    ) -> Contract:
        """Sign a contract in three instalments; its sum is committed."""
        terms = ContractTerms(
            number=number, title=title, organization_id=organization.id, node_id=office.id,
            budget_line_id=line.id, amount_fen=amount_fen, signed_on=self.today - timedelta(days=20),
            ends_on=self.today + timedelta(days=300), instalments=THIRDS,
        )
        return sign_contract(self.session, terms, now=self.now)

    def paper(self, member: Member, organization: Organization, name: str) -> Document:
        """Hand in a one-page PDF."""
        document = receive(
            self.session, io.BytesIO(one_page_pdf(name)), folder=self.documents, filename=f"{name}.pdf",
            organization_id=organization.id, person_id=member.actor.person_id or 0, now=self.now,
        )
        self.session.commit()
        return document

    def cover(self) -> None:
        """Have a checkpoint signed of all there is, as the worker does every minute."""
        config = current_app.config
        engine = create_engine(config["SIGNER_URL"])
        OwnKey(engine, Path(config["SIGNING_KEY"])).cover()
        engine.dispose()

    def open(self, member: Member, kind: str, trigger: str, data: dict[str, Any]) -> Answer:
        """Open a case as this member."""
        return perform(
            self.session, kind=kind, trigger=trigger, actor=member.actor, data=data, now=self.now,
            key=secrets.token_hex(8), request_id="demo",
        )

    def move(self, member: Member, number: str, trigger: str, data: dict[str, Any] | None = None) -> Answer:
        """Move a case as this member, at its present revision."""
        case = self.case(number)
        return perform(
            self.session, kind=case.kind, number=number, trigger=trigger, actor=member.actor, data=data or {},
            revision=case.revision, now=self.now, key=secrets.token_hex(8), request_id="demo",
        )

    def case(self, number: str) -> CaseRow:
        """Return a case as it is now."""
        case = read_case(self.session.connection(), number)
        assert case is not None
        return case


def one_page_pdf(title: str) -> bytes:
    """Return a small valid PDF, the same for the same title."""
    words = title.encode("ascii", "ignore").decode() or "paper"
    stream = f"BT /F1 18 Tf 72 760 Td ({words} - demonstration) Tj ET".encode()
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Title <FEFF" + title.encode("utf-16-be").hex().upper().encode() + b"> >>",
    ]
    body, offsets = b"%PDF-1.7\n", []
    for number, part in enumerate(parts, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n" % number + part + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(body)
    return (
        body + b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1) + table
        + b"trailer\n<< /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, start)
    )


def payment_data(
    builder: Builder, member: Member, organization: Organization, instalment_id: int
) -> dict[str, Any]:
    """Return a complete application for an instalment with its papers handed in."""
    documents = [
        {"slot": slot, "document_id": builder.paper(member, organization, f"{title} {slot}").id}
        for slot, title in (("invoice", "发票"), ("stage_report", "阶段报告"))
    ]
    return {
        "organization": organization.id, "instalment": instalment_id, "invoice_no": "26117000000012345678",
        "payee_name": organization.name, "payee_bank": "示例银行西城支行", "payee_account": "0200001209001234567",
        "report": "本阶段入户探访 120 人次，小组活动 12 场，服务对象满意度 96%。", "documents": documents,
    }
