"""Under which names are papers kept and sent?"""

import pytest

from app.documents.names import clean_name, content_disposition, extension_of


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("年检报告（2026）.pdf", "年检报告（2026）.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\发票.pdf", "发票.pdf"),
        ("发票\u202efdp.exe", "发票fdp.exe"),
        ("\u2066a\u2069\u200b.pdf", "a.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie_ x.pdf"),
        ("a\x00.pdf\x1b", "a.pdf"),
        ("e\u0301.txt", "é.txt"),
        ("沈若溪\U000201a4.pdf", "沈若溪\U000201a4.pdf"),
        ("\ud800.pdf", "document.pdf"),
        ("", "document"),
        ("....", "document"),
        (".pdf", "document.pdf"),
        ("con.pdf", "_con.pdf"),
        ("a.pdf . .", "a.pdf"),
        ("<a|b?>.pdf", "_a_b__.pdf"),
    ],
)
def test_a_name_is_cleaned(raw, clean):
    assert clean_name(raw) == clean


def test_a_long_name_is_cut_and_keeps_its_extension():
    name = clean_name("江" * 500 + ".pdf")

    assert name == "江" * 78 + ".pdf"
    assert len(clean_name("a" * 500 + ".pdf")) == 120


def test_the_last_extension_counts():
    assert extension_of("a.exe.PDF") == "pdf"
    assert extension_of("pdf") == ""


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a b.pdf", "attachment; filename=\"a b.pdf\"; filename*=UTF-8''a%20b.pdf"),
        ("年检.pdf", "attachment; filename=\"document.pdf\"; filename*=UTF-8''%E5%B9%B4%E6%A3%80.pdf"),
        ('a"; x=".pdf', "attachment; filename=\"a__ x__.pdf\"; filename*=UTF-8''a%22%3B%20x%3D%22.pdf"),
    ],
)
def test_the_header_makes_a_browser_save_the_file(name, header):
    assert content_disposition(name) == header
