"""Files of other programs: their encodings, and JSON with a clear error."""

import bz2
import gzip
import lzma
import pickle
import zlib

import pytest

from prompt_capture.domain.errors import InvalidFile
from prompt_capture.domain.text_files import decode_text, decompress, parse_json, replace_surrogates

TEXT = "text,label\r\nZoë 🎻,greeting\r\n"


@pytest.mark.parametrize(
    "encoding",
    [
        *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"),
        *("utf-32", "utf-32-le", "utf-32-be"),
    ],
)
def test_unicode_encodings_are_recognised(encoding: str) -> None:
    assert decode_text(TEXT.encode(encoding)) == TEXT
    assert decode_text((TEXT * 500).encode(encoding)) == TEXT * 500


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_the_line_that_is_not_utf_8_is_named_with_the_remedy(line_end: str) -> None:
    content = f"text,label{line_end}hello,greeting{line_end}réserve,help{line_end}"

    with pytest.raises(InvalidFile, match=r"Line 3 is not UTF-8.*CSV UTF-8"):
        decode_text(content.encode("cp1252"))


@pytest.mark.parametrize(
    ("content", "description"),
    [
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0rest", "Excel workbook"),
        (b"PAR1rest", "Parquet"),
        (b"ARROW1rest", "Feather"),
        (b"%PDF-1.7", "PDF"),
        (b"{\\rtf1 hi}", "Rich Text"),
        (gzip.compress(b"text", mtime=0), "gzip twice. Decompress it once"),
        (bz2.compress(b"text"), "bzip2. Decompress it, or compress it with gzip"),
        (lzma.compress(b"text"), "xz. Decompress"),
        (b"\x28\xb5\x2f\xfd\x04", "Zstandard. Decompress"),
        (b"\x04\x22\x4d\x18", "LZ4"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"PK\x05\x06", "empty zip"),
        (b"\xff\xff\xff\xff\x88", "Arrow.*Parquet"),
        (b"SQLite format 3\0", "SQLite. Export"),
        (b"\x93NUMPY\x01", "NumPy"),
        (pickle.dumps(["hi"]), "pickle of Python"),
        (zlib.compress(b"text"), "zlib.*DocBin"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS.*git lfs pull"),
        (b"a.csv".ljust(257, b"\0") + b"ustar\x0000", "tar archive. Unpack"),
        (b"\xef\xbb\xbf<!DOCTYPE html>\n", "web page or XML.*download it again"),
        (b"<html lang='en'>\n<head>", "web page or XML"),
        (b'<?xml version="1.0"?>\n<Error>', "web page or XML"),
        (b"\xff\xfea", "not valid UTF-16"),
        (b"text,label\nhel\x00lo,greeting\n", "Line 2 contains a NUL"),
        (b"a\x00b\n", "Line 1 contains a NUL"),
    ],
)
def test_files_that_are_no_text_are_rejected_with_what_they_are(
    content: bytes, description: str
) -> None:
    with pytest.raises(InvalidFile, match=description):
        decode_text(content)


@pytest.mark.parametrize(
    "content", [b"", b"text", b"BZh and more", b"<html> is a tag\n<head> too\n"]
)
def test_a_file_may_be_compressed_with_gzip(content: bytes) -> None:
    assert decompress(content) == decompress(gzip.compress(content)) == content
    assert decode_text(content).encode() == content


def test_damaged_compressed_data_is_named() -> None:
    with pytest.raises(InvalidFile, match="incomplete or damaged"):
        decompress(gzip.compress(b"text")[:-3])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{\n 1", "line 2, column 2"),
        ("[" * 100_000, "nest too deeply"),
        ("9" * 5_000, "too long"),
        ('{"a": 1, "a": 2}', "same key twice"),
        ('[{"b": {"a": 1, "a": 2}}]', "same key twice"),
    ],
)
def test_json_errors_say_where_and_why(text: str, problem: str) -> None:
    with pytest.raises(InvalidFile, match=problem):
        parse_json(text)


def test_a_replaced_surrogate_can_be_encoded_and_pairs_stay() -> None:
    assert replace_surrogates("a\ud83d b 🎻").encode() == "a\ufffd b 🎻".encode()
