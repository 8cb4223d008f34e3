"""`flask registry`: import a register, count it, enter what only a registrar or the code centre knows."""

from datetime import date
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import select

from app.access.models import Account
from app.clock import business_now
from app.errors import Problem
from app.extensions import db
from app.organizations.checking import Fault
from app.organizations.importing import Report, import_register
from app.organizations.models import LEGAL_TYPES, Organization
from app.organizations.queries import register_size
from app.organizations.reading import ENCODINGS, Unreadable
from app.organizations.steps import (
    Certificate,
    add_code_range,
    confirm_entry,
    open_in_preparation,
    open_supplier,
)
from workflows.rules.uscc import Uscc, UsccError, parse

BAD_ROWS = 1  # nothing was imported
UNREADABLE = 2  # as click's own wrong usage
ENCODING_NAMES = {"utf-8": "utf-8-sig", "utf8": "utf-8-sig", "gbk": "gb18030", "gb2312": "gb18030"}

registry = AppGroup("registry", help="The register of social organizations 社会组织登记簿.")


@registry.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Do everything and keep nothing.")
@click.option("--skip-bad", is_flag=True, help="Import the good rows although others are bad.")
@click.option(
    "--encoding", type=click.Choice([*ENCODINGS, *ENCODING_NAMES], case_sensitive=False),
    help="Instead of finding out.",
)
def import_(file: Path, dry_run: bool, skip_bad: bool, encoding: str | None) -> None:
    """Import a register from FILE (CSV): published decisions, or a list of organizations with grades.

    Exit code 0: imported (or would be); 1: bad rows, nothing imported; 2: the file cannot be read.
    """
    encoding = ENCODING_NAMES.get(encoding, encoding) if encoding else None
    try:
        report = import_register(
            db.session, file, now=business_now(db.session), dry_run=dry_run, skip_bad=skip_bad,
            encoding=encoding, on_fault=lambda fault: click.echo(fault_line(fault)),
        )
    except Unreadable as error:
        click.echo(f"{error.text.zh}\n{error.text.en}", err=True)
        raise SystemExit(UNREADABLE) from None
    for line in (*_notes(report), *_summary(report, dry_run, skip_bad)):
        click.echo(line)
    if report.bad_rows and not skip_bad:
        raise SystemExit(BAD_ROWS)


def fault_line(fault: Fault) -> str:
    """Return how a fault is told on the command line, in both languages."""
    value = fault.value if len(fault.value) <= 40 else f"{fault.value[:40]}…"
    shown = value.replace("\n", "⏎").replace("\r", "").replace("\x00", "␀")
    column_zh, column_en = (f"「{fault.column}」列", f", column {fault.column}") if fault.column else ("", "")
    return (
        f"第 {fault.line} 行{column_zh} [{shown}]：{fault.text.zh} / "
        f"Line {fault.line}{column_en}: {fault.text.en}"
    )


def _notes(report: Report) -> list[str]:
    taken = report.taken
    notes = []
    if report.layout.ignored:
        names = "、".join(report.layout.ignored)
        notes.append(f"注意：未读取的列 / Note: columns not read: {names}")
    notes += [
        f"注意：区划代码 {code} 不在区划表中，以代码为名建立地点（{count} 个组织） / "
        f"Note: division {code} is not in our table; it is kept as a place named by its code ({count})"
        for code, count in sorted(taken.unknown_divisions.items())
    ]
    notes += [
        f"注意：第 {line} 行与前面的行重复，只取一次 / "
        f"Note: line {line} repeats an earlier row and was taken once"
        for line in taken.repeated
    ]
    notes += [
        f"注意：第 {line} 行与前面的行等级不同，以最后一行为准 / "
        f"Note: line {line} gives another grade than an earlier row; the last one holds"
        for line in taken.other_grades
    ]
    notes += [
        f"注意：第 {line} 行名称为“{theirs}”，登记簿为“{ours}”，保留后者 / "
        f"Note: line {line} prints another name than the register, which was kept"
        for line, theirs, ours in taken.other_names
    ]
    return notes


def _summary(report: Report, dry_run: bool, skip_bad: bool) -> list[str]:
    taken, stands = report.taken, report.stands
    rows, bad = report.rows, report.bad_rows
    lines = [f"读取 {rows} 行，其中有误 {bad} 行 / rows {rows} bad {bad}"]
    if report.bad_rows and not skip_bad:
        return [
            *lines,
            "未导入任何数据。请改正以上各行，或使用 --skip-bad 跳过 / "
            "Nothing was imported. Mend these rows, or skip them with --skip-bad",
        ]
    lines.append(
        f"新增组织 {taken.organizations}，决定 {taken.decisions}，等级 {taken.grades}；"
        f"已有 {taken.already_known}，重复 {len(taken.repeated)} / new organizations {taken.organizations} "
        f"decisions {taken.decisions} grades {taken.grades}; known before {taken.already_known}, "
        f"repeated {len(taken.repeated)}"
    )
    if stands:
        lines.append(
            f"已登记 {stands['registered']}，由决定得知的登记 {stands['entry']}，"
            f"仅由决定得知 {stands['known']}，已注销 {stands['ended']} / registered {stands['registered']}, "
            f"register entry from decision {stands['entry']}, known from decision {stands['known']}, "
            f"ended {stands['ended']}"
        )
    if dry_run:
        lines.append("试运行：未保存任何数据 / Dry run: nothing was kept")
    return lines


@registry.command("count")
def count() -> None:
    """Print how many organizations are known and how many decisions about them."""
    organizations, decisions = register_size(db.session)
    click.echo(f"organizations {organizations} decisions {decisions}")


@registry.command("confirm")
@click.argument("uscc")
@click.option("--registered-on", required=True, type=click.DateTime(["%Y-%m-%d"]))
@click.option("--authority", required=True, help="As printed on the certificate.")
@click.option("--evidence", required=True, help="What was looked at, such as the certificate's number.")
@click.option("--by", "login", required=True, help="Sign-in name of the registrar who looked at it.")
def confirm(uscc: str, registered_on: "date", authority: str, evidence: str, login: str) -> None:
    """Enter the registration of a known organization, read off its certificate by its registrar."""
    organization = _organization_by_code(uscc)
    account = db.session.scalars(select(Account).where(Account.login == login.lower())).one_or_none()
    if account is None or account.disabled_at is not None:
        raise click.ClickException(f"no account called {login} is in use")
    certificate = Certificate(date.fromisoformat(f"{registered_on:%Y-%m-%d}"), authority, evidence)
    try:
        confirm_entry(
            db.session, organization_id=organization.id, person_id=account.person_id,
            certificate=certificate, now=business_now(db.session),
        )
    except Problem as problem:
        raise click.ClickException(f"{problem.code}: {problem.detail}") from None
    db.session.commit()
    click.echo(f"{organization.uscc} {organization.name}")


def _organization_by_code(uscc: str) -> Organization:
    code = _parsed(uscc).code
    organization = db.session.scalars(select(Organization).where(Organization.uscc == code)).one_or_none()
    if organization is None:
        raise click.ClickException(f"{code} is not in the register: import it first")
    return organization


def _parsed(uscc: str) -> Uscc:
    try:
        return parse(uscc)
    except UsccError as error:
        raise click.ClickException(f"{error.text.zh} {error.text.en}") from None


@registry.command("allot")
@click.option("--division", required=True, help="Division code of the registrar, such as 110102.")
@click.option("--type", "legal_type", required=True, type=click.Choice(LEGAL_TYPES))
@click.option("--prefix", default="MJ", show_default=True)
@click.option("--first", required=True, type=click.IntRange(min=0))
@click.option("--last", required=True, type=click.IntRange(min=0))
def allot(division: str, legal_type: str, prefix: str, first: int, last: int) -> None:
    """Record the range of code numbers that the code centre allotted to a registrar."""
    if last < first or len(str(last)) + len(prefix) > 8:
        raise click.ClickException("numbers run from first to last and fit in 8 characters with the prefix")
    add_code_range(
        db.session, division=division, legal_type=legal_type, prefix=prefix, first=first, last=last
    )
    db.session.commit()
    click.echo(f"{division} {legal_type} {prefix} {first}..{last}")


@registry.command("prepare")
@click.argument("name")
@click.option("--division", required=True, help="Division code of the registrar, such as 110102.")
@click.option("--type", "legal_type", default="social_service", type=click.Choice(LEGAL_TYPES))
def prepare(name: str, division: str, legal_type: str) -> None:
    """Open an organization in preparation, so that its staff can be invited; print its node."""
    organization = open_in_preparation(
        db.session, name=name, legal_type=legal_type, division=division, now=business_now(db.session)
    )
    db.session.commit()
    click.echo(f"organization {organization.id} node {organization.node_id}")


@registry.command("supplier")
@click.argument("name")
@click.argument("uscc")
def supplier(name: str, uscc: str) -> None:
    """Open a supplier that is no social organization, such as a company; its registrar confirms it from the licence."""
    try:
        organization = open_supplier(db.session, name=name, code=_parsed(uscc), now=business_now(db.session))
    except Problem as problem:
        raise click.ClickException(f"{problem.code}: {problem.detail}") from None
    db.session.commit()
    click.echo(f"organization {organization.id} node {organization.node_id}")
