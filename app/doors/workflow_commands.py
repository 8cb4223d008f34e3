"""`./run flask workflows check|draw|diff|lock`: prove the definitions, draw one, compare a place with the base."""

from pathlib import Path

import click
from flask.cli import AppGroup, with_appcontext

from app.access.roles import ROLES
from app.cases.kinds import registered_inputs
from app.notices.templates import template_names
from workflows.checks import check_folder
from workflows.diagram import svg
from workflows.loader import BASE, NoDefinition, library
from workflows.release import diff as differences
from workflows.release import verify_lock, write_lock

group = AppGroup("workflows", help="Definitions: who, when, where to.")


@group.command("check")
@with_appcontext
def check() -> None:
    """Prove every file; all mistakes at once, exit 1 if there is one."""
    mistakes = check_folder(roles=ROLES, inputs={key[:2] for key in registered_inputs()}, templates=template_names())
    mistakes += verify_lock()
    for mistake in mistakes:
        click.echo(mistake)
    if mistakes:
        raise SystemExit(1)
    click.echo(f"{len(library().definitions)} definitions hold")


@group.command("draw")
@click.argument("kind")
@click.option("--place", default=BASE, help="A division code, or base.")
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write a file instead of stdout.")
@with_appcontext
def draw(kind: str, place: str, language: str, output: Path | None) -> None:
    """Draw a definition as SVG."""
    found = [d for d in library().definitions if (d.kind, d.place) == (kind, place)]
    if not found:
        raise click.ClickException(f"{place} has no definition of {kind}; kinds are {', '.join(library().kinds())}")
    newest = max(found, key=lambda d: d.version)
    drawing = svg(newest, locale=language, standalone=True)
    if output is None:
        click.echo(drawing)
    else:
        output.write_text(drawing, encoding="utf-8")


@group.command("diff")
@click.argument("place")
@click.argument("kind")
@with_appcontext
def diff(place: str, kind: str) -> None:
    """Say in what a place differs from the base, rules and numbers."""
    try:
        lines = differences(library(), place, kind)
    except NoDefinition as missing:
        raise click.ClickException(str(missing)) from None
    for line in lines:
        click.echo(line)
    if not lines:
        click.echo(f"{place} follows the base in everything")


@group.command("lock")
@with_appcontext
def lock() -> None:
    """Write the hashes of released files; a released file is never changed, a change is a new version."""
    write_lock()
