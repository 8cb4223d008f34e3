"""Which words does the application show, and do the catalogues have them all?"""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

FOLDER = Path(__file__).resolve().parent
TEMPLATE = FOLDER / "messages.pot"
# Python code says `_l` for what is translated later, when it is shown.
KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None}


def catalogues() -> list[Path]:
    """Return the catalogue of every language that has one; English is what the code itself says."""
    return sorted(FOLDER.glob("*/LC_MESSAGES/messages.po"))


def extract() -> Catalog:
    """Return every msgid of the code and the templates. Writes nothing."""
    found = Catalog(project="Shuniu")
    with (FOLDER / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)
    for name, _line, message, comments, context in extract_from_dir(FOLDER.parent, methods, options, KEYWORDS):
        # Files without line numbers: moving code must not change the catalogues.
        found.add(message, locations=[(f"app/{name}", None)], auto_comments=comments, context=context)  # type: ignore[list-item]
    return found


def read(path: Path) -> Catalog:
    """Return the catalogue in this file."""
    with path.open("rb") as source:
        return read_po(source)


def update() -> None:
    """Write the template anew, and let every catalogue have its msgids: new ones empty, unused ones gone."""
    found = extract()
    with TEMPLATE.open("wb") as target:
        write_po(target, found, width=110, sort_by_file=True, omit_header=True)
    for path in catalogues():
        catalogue = read(path)
        # A guess by likeness is worse than a gap: a gap is found by the tests.
        catalogue.update(found, no_fuzzy_matching=True, update_creation_date=False)
        with path.open("wb") as target:
            write_po(target, catalogue, width=110, sort_by_file=True, ignore_obsolete=True)
