"""`flask purchasing`: load what is bought by name."""

from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import select

from app.cases.models import Case
from app.clock import business_now
from app.extensions import db
from app.purchasing.catalogue import BadCatalogue, import_catalogue
from app.purchasing.panel.checking import review_mistakes

group = AppGroup("purchasing", help="Purchase of services 政府购买服务.")
draw = AppGroup("draw", help="Draws of experts 专家抽取.")
group.add_command(draw)


@draw.command("verify")
@click.argument("number")
def verify_draw(number: str) -> None:
    """Repeat the draws, the revealed commitments and the ranking of the package NUMBER; fail if anything differs."""
    session = db.session()
    found = session.execute(select(Case.id).where(Case.number == number, Case.kind == "package")).scalar()
    if found is None:
        raise click.ClickException(f"there is no package {number}")
    mistakes, checked = review_mistakes(session, found)
    for line in checked:
        click.echo(line)
    if mistakes:
        raise click.ClickException("; ".join(mistakes))


catalogue = AppGroup("catalogue", help="Guide catalogues 指导性目录.")
group.add_command(catalogue)


@catalogue.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--division", default="110000", show_default=True, help="Division code of the place it holds for.")
@click.option("--source", default="", help="The document that published it; the file's name when left out.")
def import_(file: Path, division: str, source: str) -> None:
    """Load a catalogue from FILE (CSV with code, name, level); the same edition again changes nothing."""
    try:
        number = import_catalogue(
            db.session, file, division=division, source=source or file.stem, now=business_now(db.session)
        )
    except BadCatalogue as error:
        raise click.ClickException(str(error)) from None
    db.session.commit()
    click.echo(f"items {number}")
