"""`flask purchasing`: load what is bought by name."""

from pathlib import Path

import click
from flask.cli import AppGroup

from app.clock import business_now
from app.extensions import db
from app.purchasing.catalogue import BadCatalogue, import_catalogue

group = AppGroup("purchasing", help="Purchase of services 政府购买服务.")
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
