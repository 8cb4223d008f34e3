"""`./run flask backup` and `./run flask restore`: for operators; stdout holds only the answer."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from app import features
from app.backup.refusal import BackupRefused
from app.backup.restoring import checked_backup, refuse_used_folder, restore
from app.backup.writing import Made, Source, make_backup
from app.config import Settings, settings_from
from app.database.prepare import reach_database

FOLDER = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))


@click.command("backup")
@FOLDER
@click.option("--with-keys", is_flag=True, help="Copy keys/ as well: whoever holds such a backup holds the instance.")
def backup_command(folder: Path, with_keys: bool) -> None:
    """Copy database and papers into a folder of its own below FOLDER, while the product runs.

    Papers that FOLDER has already are not copied again. Exit status 1 if something could not be copied as it was handed
    in; it is named, and the backup holds the rest.
    """
    os.umask(0o077)
    settings = settings_from(os.environ)
    with _told(), _source(settings) as source:
        made = make_backup(source, folder.absolute(), with_keys=with_keys)
    click.echo(_answer(made))
    for flaw in made.manifest.flaws:
        click.echo(f"问题 PROBLEM: {flaw}", err=True)
    if made.manifest.flaws:
        raise SystemExit(1)


@click.command("restore")
@FOLDER
def restore_command(folder: Path) -> None:
    """Load the backup in FOLDER, or the newest below it, into an instance that holds no data, and verify it.

    Exit status 0: it holds; 1: it was refused and nothing is there, or it was loaded and `history verify` finds what it
    tells.
    """
    os.umask(0o077)
    settings = settings_from(os.environ)
    with _told():
        backup = checked_backup(folder.absolute())
        refuse_used_folder(settings.instance, backup)
        features.load_models()
        with _source(settings) as target:
            found = restore(target, backup)
    manifest = backup.manifest
    click.echo("\n".join(found.lines()))
    click.echo(
        f"已恢复 / restored: {backup.folder}, {manifest.moves} moves, a log of {manifest.log_size},"
        f" {len(manifest.papers)} papers, as of {manifest.made_at}"
    )
    if found.problems:
        raise SystemExit(1)


@contextmanager
def _told() -> Iterator[None]:
    """Tell an operator in a sentence what was refused."""
    try:
        yield
    except BackupRefused as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None


@contextmanager
def _source(settings: Settings) -> Iterator[Source]:
    """Reach the database as it is: a backup must be possible of one that Shuniu would not serve from."""
    database = reach_database(settings.instance, settings.database_url)
    try:
        yield Source(database.urls, settings.instance)
    finally:
        database.leave()


def _answer(made: Made) -> str:
    manifest = made.manifest
    keys = "with keys/ 含密钥" if manifest.keys else "without keys/ 不含密钥"
    return (
        f"{made.folder}: {manifest.moves} moves, a log of {manifest.log_size}, {len(manifest.papers)} papers"
        f" ({made.new} new), database {manifest.database.size} bytes, {keys}"
    )
