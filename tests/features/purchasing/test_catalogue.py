"""A guide catalogue becomes a tree by its codes, once."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.purchasing.catalogue import BadCatalogue, import_catalogue, read_catalogue
from app.purchasing.tendering import CatalogueItem
from tests.builders_ledger import MORNING


def a_file(folder: Path, *rows: str) -> Path:
    path = folder / "catalogue.csv"
    path.write_text("\n".join(("code,name,level", *rows)), encoding="utf-8")
    return path


def test_the_parent_is_the_longest_code_that_begins_the_own(tmp_path: Path):
    items = read_catalogue(a_file(tmp_path, "A,公共服务,1", "A1001,基层治理,3", "A10,社会治理,2"))

    assert [(item.code, item.parent) for item in items] == [("A", None), ("A10", "A"), ("A1001", "A10")]


def test_every_mistake_is_told_and_nothing_is_read(tmp_path: Path):
    path = a_file(tmp_path, "A,公共服务,1", "B01,没有上级,2", "A01,,2", "A01,安全,9")

    with pytest.raises(BadCatalogue, match=r"A01: code or name is empty"):
        read_catalogue(path)


def test_the_published_catalogue_of_a_city_loads_whole_and_once(session, shared: Path):
    path = shared / "beijing_purchase_catalogue_2022_1537.csv"
    said = {"division": "110000", "source": "京财综〔2022〕1537号", "now": MORNING}

    assert import_catalogue(session, path, **said) == 212
    assert import_catalogue(session, path, **said) == 0

    levels = dict(session.execute(select(CatalogueItem.level, func.count()).group_by(CatalogueItem.level)).all())
    assert levels == {1: 2, 2: 30, 3: 180}
    parent = select(CatalogueItem).where(CatalogueItem.code == "A1002")
    assert session.scalars(parent).one().name == "社会组织建设与管理服务"
