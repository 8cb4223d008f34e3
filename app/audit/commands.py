"""`flask history`: check what is recorded, sign it, and take it away. For operators, who may use the key."""

import os
from datetime import date
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup, ScriptInfo
from sqlalchemy import Engine, create_engine, true

from app.audit.bundles import Known, bundle, frozen
from app.audit.checking import Findings, check_everything
from app.audit.members import Wanted
from app.audit.proofs import from_base64
from app.audit.scopes import Scope, family_of, of_case, of_everything, of_period
from app.audit.signing import OwnKey
from app.audit.verify import verify
from app.cases.log import LAST, begin_epoch, raw_public_key, signing_key
from app.cases.seeing import spelled
from app.cases.signed import KeyNotHere, LogWasChanged, NothingWasLost
from app.documents.folder import documents_folder
from app.errors import Problem
from app.extensions import db

group = AppGroup("history", help="What is recorded: check it, sign it, take it away.")
DAY = click.DateTime(["%Y-%m-%d"])


@group.command("verify", with_appcontext=False)
@click.argument("bundle_file", metavar="[BUNDLE]", required=False, type=click.Path(exists=True, dir_okay=False))
@click.option("--key", help="The public key that you were told (base64); for BUNDLE.")
@click.option("--skip-papers", is_flag=True, help="Do not read the files of papers; without BUNDLE.")
@click.pass_context
def verify_command(context: click.Context, bundle_file: str | None, key: str | None, skip_papers: bool) -> None:
    """Check BUNDLE; without one, recompute everything that is recorded here.

    Exit status 0: it holds; 1: it does not, and every problem is told with its place.
    """
    if bundle_file is not None:
        report = verify(bundle_file, from_base64(key) if key else None)
        problems = [f"{place}: {what}" for place, what in report.problems]
        found = Findings(problems, report.checked, report.notes)
    else:
        with context.ensure_object(ScriptInfo).load_app().app_context(), frozen(db.engine) as connection:
            found = check_everything(
                connection, public_key=_public_key(), store=None if skip_papers else documents_folder()
            )
    click.echo("\n".join(found.lines()))
    if found.problems:
        raise SystemExit(1)


@group.command("checkpoint")
def checkpoint_command() -> None:
    """Put every committed move into the log, sign it now and print the signed note."""
    engine = _signer_engine()
    try:
        _cover(OwnKey(engine, _key_path()))
    finally:
        engine.dispose()
    last = db.session.execute(LAST).one_or_none()
    if last is None:
        raise click.ClickException("还没有任何办理记录 / Nothing is recorded yet.")
    click.echo(last.note, nl=False)


@group.command("epoch")
def epoch_command() -> None:
    """Go on after a restore from a backup that is older than what was signed: under a new origin.

    Prints the last checkpoint of the epoch before and the first of the new one. Keep both, and tell whoever keeps
    receipts or checkpoints: moves between the backup and the loss are in no log that goes on.
    """
    engine = _signer_engine()
    try:
        with engine.begin() as connection:
            before, first = begin_epoch(connection, _key_path())
    except (KeyNotHere, LogWasChanged) as error:
        raise click.ClickException(str(error)) from None
    except NothingWasLost as error:
        raise click.ClickException(f"无需新的纪元 / No new epoch is needed: {error}.") from None
    finally:
        engine.dispose()
    click.echo(f"{before}\n{first}", nl=False)


@group.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--case", "number", metavar="N", help="A case, with those that belong to it.")
@click.option("--from", "first", type=DAY, help="The first day of a period.")
@click.option("--to", "last", type=DAY, help="Its last day.")
@click.option("--whole", is_flag=True, help="Everything: this can be compared with any older checkpoint.")
@click.option("--older", multiple=True, type=click.IntRange(1), metavar="SIZE",
              help="With the proof that the log goes on from a checkpoint of this size (its second line).")
@click.option("--purpose", help="With personal values; what for stands in the manifest.")
@click.option("--skip-papers", is_flag=True, help="Without the files of papers; the manifest says so.")
def export_command(
    file: Path, number: str | None, first: Any, last: Any, whole: bool, older: tuple[int, ...], purpose: str | None,
    skip_papers: bool,
) -> None:
    """Write a bundle to FILE that anybody can verify without us."""
    scope = _scope(number, first.date() if first else None, last.date() if last else None, whole)
    wanted = Wanted(
        documents_folder(), personal=purpose is not None, documents=not skip_papers, older=older
    )
    engine = _signer_engine()
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        pieces = bundle(db.engine, scope, wanted, OwnKey(engine, _key_path()), Known(), purpose=purpose)
        with draft.open("xb") as out:
            out.writelines(pieces)
        draft.replace(file)
    except (Problem, KeyNotHere, LogWasChanged) as error:
        raise click.ClickException(str(getattr(error, "detail", error))) from None
    finally:
        draft.unlink(missing_ok=True)
        engine.dispose()
    click.echo(f"{file} {file.stat().st_size}")


def _scope(number: str | None, first: date | None, last: date | None, whole: bool) -> Scope:
    if [number is not None, first is not None or last is not None, whole].count(True) != 1:
        raise click.UsageError("Say one of --case N, --from DAY --to DAY, --whole.")
    if whole:
        return of_everything()
    if number is not None:
        family = family_of(db.session, spelled(number), true())
        if not family:
            raise click.ClickException(f"没有办件 {number} / There is no case {number}.")
        return of_case(family, spelled(number))
    if first is None or last is None or last < first:
        raise click.UsageError("A period has a first and a last day: --from 2026-01-01 --to 2026-01-31.")
    return of_period(first, last, true())


def _cover(signer: OwnKey) -> None:
    try:
        signer.cover()
    except (KeyNotHere, LogWasChanged) as error:
        raise click.ClickException(str(error)) from None


def _public_key() -> bytes | None:
    return raw_public_key(signing_key(_key_path())) if _key_path().exists() else None


def _key_path() -> Path:
    return Path(current_app.config["SIGNING_KEY"])


def _signer_engine() -> Engine:
    return create_engine(current_app.config["SIGNER_URL"])
