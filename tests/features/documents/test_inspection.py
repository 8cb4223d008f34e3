"""Which files come in, and which not? Every refusal has a code, and a sentence that says what to do."""

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from app.documents.inspection import inspect
from app.documents.limits import Limits
from app.documents.names import clean_name
from app.documents.refusals import UploadRefused
from tests.builders_papers import WORD_TYPES, a_docx, a_jpeg, a_pdf, a_png, a_xlsx, a_zip

SMALL = Limits(
    file_bytes=1_000_000,
    zip_members=20,
    zip_unpacked_bytes=2_000_000,
    pixels=1_000_000,
    pixels_per_side=2_000,
)
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def inspected(folder: Path, name: str, content: bytes) -> str:
    path = folder / "file"
    path.write_bytes(content)
    return inspect(path, clean_name(name), SMALL)


def refused(folder: Path, name: str, content: bytes) -> str:
    with pytest.raises(UploadRefused) as caught:
        inspected(folder, name, content)
    assert str(caught.value.detail).endswith((".", "。"))
    return caught.value.code


def symlinked() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", WORD_TYPES)
        link = zipfile.ZipInfo("word/document.xml")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return out.getvalue()


def overlapping() -> bytes:
    """Two directory entries that claim the same bytes, as in a bomb that is never nested."""
    whole = bytearray(a_docx({"word/a.xml": b"\0" * 5000, "word/b.xml": b"\0" * 5000}))
    first = whole.index(b"PK\x01\x02", 0)
    entries = []
    position = first
    while whole[position : position + 4] == b"PK\x01\x02":
        name, extra, comment = struct.unpack_from("<3H", whole, position + 28)
        entries.append(position)
        position += 46 + name + extra + comment
    whole[entries[-1] + 42 : entries[-1] + 46] = whole[entries[-2] + 42 : entries[-2] + 46]
    return bytes(whole)


def understated() -> bytes:
    """A member that unpacks to more than its directory entry says."""
    whole = bytearray(a_docx({"word/big.xml": b"\0" * 50_000}))
    entry = whole.rindex(b"PK\x01\x02")
    whole[entry + 24 : entry + 28] = struct.pack("<L", 10)
    return bytes(whole)


def encrypted_zip() -> bytes:
    whole = bytearray(a_docx())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        whole[whole.index(signature) + offset] |= 1
    return bytes(whole)


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("年检报告.pdf", a_pdf(), "application/pdf"),
        ("scan.PDF", a_pdf(), "application/pdf"),
        ("照片.png", a_png(), "image/png"),
        ("照片.jpg", a_jpeg(), "image/jpeg"),
        ("照片.jpeg", a_jpeg() + b"SEFT, a phone's own data", "image/jpeg"),
        ("章程.docx", a_docx(), DOCX),
        ("预算.xlsx", a_xlsx(), XLSX),
        ("名册.csv", "姓名,岗位\n沈若溪,社工\n".encode(), "text/csv"),
        ("名册.csv", "姓名,岗位\n沈若溪,社工\n".encode("gb18030"), "text/csv"),
        ("说明.txt", b"\xef\xbb\xbf" + "说明".encode(), "text/plain"),
        ("eicar.txt", EICAR, "text/plain"),
        ("报告.exe.pdf", a_pdf(), "application/pdf"),
    ],
)
def test_a_file_that_is_what_its_name_says_comes_in(tmp_path, name, content, media_type):
    assert inspected(tmp_path, name, content) == media_type


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        # the name
        ("virus.exe", b"MZ", "type_not_taken"),
        ("发票.pdf.exe", a_pdf(), "type_not_taken"),
        ("发票\u202efdp.exe", a_pdf(), "type_not_taken"),
        ("drawing.svg", b"<svg onload=alert(1)>", "type_not_taken"),
        ("page.html", b"<html>", "type_not_taken"),
        ("pdf", a_pdf(), "type_not_taken"),
        ("all.zip", a_zip({"a.txt": "a"}), "type_not_taken"),
        ("macro.docm", a_docx({"word/vbaProject.bin": b"x"}), "type_not_taken"),
        # the first bytes
        ("empty.pdf", b"", "empty"),
        ("report.pdf", b"MZ\x90\x00" + a_pdf(), "content_differs"),
        ("report.pdf", b"<html><script>1</script>" + a_pdf(), "content_differs"),
        ("photo.png", a_jpeg(), "content_differs"),
        ("charter.docx", a_pdf(), "content_differs"),
        ("charter.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "encrypted_or_old"),
        # two files in one
        ("report.pdf", a_pdf() + a_zip({"a.txt": "a"}), "hidden_archive"),
        ("report.pdf", a_pdf() + b"<script>alert(1)</script>", "appended"),
        ("photo.png", a_png() + b"<?php system('id');", "appended"),
        ("photo.jpg", a_jpeg() + a_zip({"evil.jar": "x"}), "hidden_archive"),
        ("charter.docx", b"PK\x03\x04" + b"A" * 40 + a_docx(), "damaged"),
        ("charter.docx", a_docx() + b"<script>", "damaged"),
        # PDF
        ("cut.pdf", a_pdf()[:-20], "damaged"),
        ("locked.pdf", a_pdf(b"trailer << /Encrypt 12 0 R >>\n"), "encrypted"),
        ("script.pdf", a_pdf(b"1 0 obj << /OpenAction << /S /JavaScript >> >>\n"), "active_content"),
        ("launch.pdf", a_pdf(b"1 0 obj << /S /Launch /F (cmd.exe) >>\n"), "active_content"),
        # pictures
        ("flood.png", a_png(60_000, 60_000), "too_many_pixels"),
        ("wide.png", a_png(5_000, 1), "too_many_pixels"),
        ("flood.jpg", a_jpeg(60_000, 60_000), "too_many_pixels"),
        ("none.png", a_png(0, 5), "damaged"),
        ("bent.png", a_png().replace(b"IDAT", b"IDAX"), "damaged"),
        ("cut.png", a_png()[:-8], "damaged"),
        ("cut.jpg", a_jpeg()[:-2], "damaged"),
        ("frameless.jpg", b"\xff\xd8\xff\xd9", "damaged"),
        # office files
        ("macro.docx", a_docx({"word/vbaProject.bin": b"x"}), "macros"),
        ("macro.docx", a_docx(types=WORD_TYPES + "macroEnabled"), "macros"),
        ("sheet.xlsx", a_xlsx({"xl/macrosheets/sheet1.xml": "<x/>"}), "macros"),
        (
            "remote.docx",
            a_docx({"word/_rels/settings.xml.rels": '<R Type="a/attachedTemplate" TargetMode="External"/>'}),
            "macros",
        ),
        ("dropper.docx", a_docx({"word/embeddings/setup.exe": b"MZ"}), "macros"),
        ("other.docx", a_xlsx(), "content_differs"),
        ("just-a-zip.docx", a_zip({"a.txt": "a"}), "content_differs"),
        ("slip.docx", a_docx({"../../etc/cron.d/x": "x"}), "unsafe_archive"),
        ("slip.docx", a_docx({"/etc/passwd": "x"}), "unsafe_archive"),
        ("slip.docx", a_docx({"C:/windows/x": "x"}), "unsafe_archive"),
        ("slip.docx", a_docx({"word\\..\\x": "x"}), "unsafe_archive"),
        ("link.docx", symlinked(), "unsafe_archive"),
        ("bomb.xlsx", a_xlsx({"xl/bomb.xml": b"\0" * 1_900_000}), "too_large_unpacked"),
        ("large.xlsx", a_xlsx({"xl/large.xml": b"\0" * 2_100_000}), "too_large_unpacked"),
        ("many.docx", a_docx({f"word/{n}.xml": "" for n in range(30)}), "too_many_parts"),
        ("twins.docx", a_docx({"word/A.xml": "1", "word/a.xml": "2"}), "damaged"),
        ("overlap.docx", overlapping(), "damaged"),
        ("understated.docx", understated(), "damaged"),
        ("locked.docx", encrypted_zip(), "encrypted"),
        ("cut.docx", a_docx()[:-30], "damaged"),
        ("method.docx", a_zip({"[Content_Types].xml": WORD_TYPES}, zipfile.ZIP_BZIP2), "unsafe_archive"),
        # text
        ("page.txt", b" <!DOCTYPE html><script>", "content_differs"),
        ("page.csv", b"<svg onload=alert(1)>", "content_differs"),
        ("binary.txt", b"abc\x00def", "content_differs"),
        ("terminal.txt", b"\x1b]0;owned\x07", "content_differs"),
        ("utf16.csv", "姓名".encode("utf-16"), "encoding"),
        ("broken.csv", b"a,b\n\xff\xff\xff\n", "encoding"),
    ],
)
def test_a_hostile_or_broken_file_is_refused(tmp_path, name, content, code):
    assert refused(tmp_path, name, content) == code


def test_active_content_is_found_across_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("app.documents.blocks.BLOCK", 50)
    for padding in range(40, 60):
        content = a_pdf(b"%" + b"." * padding + b"\n<< /S /JavaScript >>\n" + b"." * 200)
        assert refused(tmp_path, "script.pdf", content) == "active_content"


def test_the_limit_is_named_in_the_refusal(tmp_path):
    (tmp_path / "file").write_bytes(a_png(3_000, 2_500))

    with pytest.raises(UploadRefused) as caught:
        inspect(tmp_path / "file", "a.png", SMALL)

    assert "2000" in str(caught.value.detail)
    assert "3000" in str(caught.value.detail)
