"""`flask budget`: what the finance bureau approved enters the ledger, with the paper that says so."""

from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import select

from app.clock import business_now
from app.extensions import db
from app.ledger.models import BudgetLine
from app.ledger.queries import budget_position
from app.ledger.steps import Because, appropriate, curtail
from app.ledger.transfers import NotEnough
from app.organizations.commands import BAD_ROWS, UNREADABLE, fault_line
from app.organizations.reading import Unreadable
from app.payments.budget_file import import_budget, is_entered, one_at_a_time
from workflows.rules.money import MoneyError, format_yuan, parse_yuan

group = AppGroup("budget", help="Budget lines 预算指标: open them, raise and lower them.")


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Do everything and keep nothing.")
@click.option("--skip-bad", is_flag=True, help="Import the good rows although others are bad.")
def import_(file: Path, dry_run: bool, skip_bad: bool) -> None:
    """Open the budget lines of FILE (CSV: code, name, year, office, amount, reference) and appropriate their sums.

    Exit code 0: imported (or would be); 1: bad rows, nothing imported; 2: the file cannot be read.
    """
    try:
        report = import_budget(
            db.session, file, now=business_now(db.session), dry_run=dry_run, skip_bad=skip_bad,
            on_fault=lambda fault: click.echo(fault_line(fault)),
        )
    except Unreadable as error:
        click.echo(f"{error.text.zh}\n{error.text.en}", err=True)
        raise SystemExit(UNREADABLE) from None
    click.echo(f"读取 {report.rows} 行，其中有误 {report.bad_rows} 行 / rows {report.rows} bad {report.bad_rows}")
    if report.bad_rows and not skip_bad:
        click.echo("未导入任何数据。请改正以上各行，或使用 --skip-bad 跳过 / "
                   "Nothing was imported. Mend these rows, or skip them with --skip-bad")
        raise SystemExit(BAD_ROWS)
    click.echo(f"新建 {report.opened}，已有 {report.unchanged} / opened {report.opened}, unchanged {report.unchanged}")
    if dry_run:
        click.echo("试运行：未保存任何数据 / Dry run: nothing was kept")


@group.command("change", context_settings={"ignore_unknown_options": True})
@click.argument("code")
@click.argument("amount")
@click.option("--reference", required=True, help="The document that says so, such as 财预〔2026〕12号.")
def change(code: str, amount: str, reference: str) -> None:
    """Raise (10000.00) or lower (-10000.00) the budget line CODE by AMOUNT yuan, never by more than is available."""
    line = db.session.scalars(select(BudgetLine).where(BudgetLine.code == code)).one_or_none()
    if line is None:
        raise click.ClickException(f"there is no budget line {code}")
    if not reference.strip():
        raise click.ClickException("name the document that says so with --reference")
    lower = amount.startswith("-")
    try:
        fen = parse_yuan(amount.removeprefix("-"))
    except MoneyError as error:
        raise click.ClickException(f"{error.text.zh} {error.text.en}") from None
    if fen <= 0:
        raise click.ClickException("金额须大于零。 The amount must be more than zero.")
    one_at_a_time(db.session)
    if is_entered(db.session, line.id, fen, reference.strip(), lower=lower):
        raise click.ClickException(
            "已按此文号调整过同样的金额，未重复调整。 This paper changed the line by this sum before; nothing was"
            " changed. If it does so twice, say which part with --reference."
        )
    because = Because(now=business_now(db.session), reference=reference.strip())
    try:
        (curtail if lower else appropriate)(db.session, line.id, fen, because)
    except NotEnough:
        raise click.ClickException(
            "可用余额不足，未作任何调整。 Less than that is available; nothing was changed."
        ) from None
    db.session.commit()
    position = budget_position(db.session, line.id)
    assert position is not None
    click.echo(
        f"{code} appropriated {format_yuan(position.appropriated_fen)} available {format_yuan(position.available_fen)}"
    )
