"""The client, which installs alone, reads a key as the functions and `doctor` do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_capture.client import keys as client_keys
from prompt_capture.client.service import Service
from prompt_capture.domain import keys as domain_keys

KEY = "pc_0123456789abcdef"
URL = "https://classify.example"

COPIES = [
    KEY,
    f" {KEY}\r\n",
    f"\ufeff{KEY}",
    f"\ufeff\n\ufeff{KEY}",
    f"\u200b{KEY}\u200e\u00ad",
    f"\udcef\udcbb\udcbf{KEY}",
    f"\xff\xfe{KEY}",
    KEY.encode("utf-16").decode("latin-1"),
    "\0".join(KEY) + "\0",
    f'"{KEY}"',
    f"'{KEY}'",
    f"\"'{KEY}'\"",
    f"'\"{KEY}\"'",
    f'"""{KEY}"""',
    f"'''{KEY}'''",
    f'"{KEY}\\n"',
    f'"\\"{KEY}\\\\n\\""',
    f'"\\ufeff{KEY}"',
    f"' {KEY} \n'",
    '"' * 3000 + KEY + '"' * 3000,
]


@pytest.mark.parametrize("text", COPIES, ids=range(len(COPIES)))
def test_a_key_is_read_as_people_copy_it(text: str) -> None:
    assert domain_keys.clean_key(text) == KEY
    assert Service(URL, URL, URL, text).api_key == KEY


@pytest.mark.parametrize("text", ["", " ", '"', '""', "''\n", "'\"'", f'"{KEY}', f"{KEY}'"])
def test_what_remains_is_the_same_in_both(text: str) -> None:
    assert (Service(URL, URL, URL, text).api_key or "") == domain_keys.clean_key(text)


@given(
    st.text("\"'\\nu ab\ufeff\u200b\n\0\xff\xfe\udcff\udcfe\udcef\udcbb\udcbf\u00ad", max_size=40)
)
def test_both_read_any_text_alike(text: str) -> None:
    assert client_keys.clean_key(text) == domain_keys.clean_key(text)
