"""Redaction of MAC addresses, IP addresses and URLs that give access, in the forms people write.

Double brackets enclose each entity of a text, after the name of its placeholder.
"""

import pytest

from prompt_capture.domain.redaction import redact
from tests.unit.marked_texts import check_redaction


@pytest.mark.parametrize(
    "marked",
    [
        "block [[MAC:F0 27 2D 8B 61 C7]] please",
        "is [[MAC:be 96 44 1d 9e 95]] ours?",
        "MAC: [[MAC:30 05 51 90 E8 14]]",
        "the ethernet address is [[MAC:30 05 51 90 e8 14]]",
        "eth0 [[MAC:dc a6 32 73 57 99]], eth1 [[MAC:dc a6 32 73 57 93]]",
    ],
)
def test_a_mac_address_may_have_spaces_between_its_pairs(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "MAC [[MAC:D0:3F:27: 61:B8:9C]] is on the label",
        "MAC [[MAC:D0:3F:27:\n61:B8:9C]] is on the label",
        "ban [[MAC:88 : 25 : e0 : 67 : 06 : 76]] from the guest net",
        "ban [[MAC:88-25-e0- 67-06-76]] from the guest net",
        "arp: ? at [[MAC:e4:5f:1:7c:aa:92]] on en0",
        "[[MAC:0:1b:44:11:3a:b7]]: link is up",
        "{[[MAC:0x5C,0xCF,0x7F,0x10,0x02,0x9B]]}",
        "uint8_t mac[] = {[[MAC:0x5C, 0xCF, 0x7F, 0x10, 0x02, 0x9B]]};",
        "it prints [[MAC:0x00 0x1D 0xC1 0x7A 0x22 0x9E]] at boot",
    ],
)
def test_the_pairs_of_a_mac_address_may_be_apart_of_one_digit_or_bytes_of_a_program(
    marked: str,
) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "physical addr [[MAC:8CEC4B77E01F]] typed without colons",
        "the mount's wifi module: [[MAC:CC50E3A8147D]]",
        "WLAN-Adresse [[MAC:cc50e3a8147d]]",
        "my console's address [[MAC:98B6E9213443]], NAT type strict",
        "mac [[MAC:001dd6-4e8a02]] is unpaired",
        "[[MAC:CC50E3A8147D]] is my MAC",
        "[[MAC:cc50e3a8147d]] (MAC)",
        "allow [[MAC:D0:3F:27:61:B8:9C]], [[MAC:8C:EC:4B:77:E0:1F]] and [[MAC:CC50E3A8147D]]",
        "allow [[MAC:D0:3F:27:61:B8:9C]]\n[[MAC:CC50E3A8147D]]\n[[MAC:8CEC4B77E01F]]",
    ],
)
def test_words_and_lists_name_a_mac_address_without_signs(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "00:00:00:00:00:00 and ff:ff:ff:ff:ff:ff",
        "mac 00 00 00 00 00 00",
        "48 65 6c 6c 6f 2c 0a 77",
        "it starts with the magic bytes 8a 50 4e 47 0d 0a",
        "hex dump: 0x8a 0x50 0x4e 0x47 0x0d 0x0a",
        "0x8a, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a",
        "at 10:20:30: 40:50:60",
        "1:2:3:4:5:6",
        "10 20 30 40 50 60",
        "the wifi driver broke with commit 8cec4b77e01f",
        "container 8cec4b77e01f",
        "the colours ac 12 4e",
        "seats 1A 2B 3C 4D 5E 6F for the flight",
        "const uint8_t font[] = {0x3E, 0x5A, 0x49, 0x4C, 0x3E, 0x00};",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "the wifi is 100 years old",
    ],
)
def test_other_digits_with_spaces_and_signs_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "IP [[IP:5.29.77.140]].51514 > [[IP:34.165.88.3]].443: Flags [S]",
        "IP host.example.51514 > [[IP:34.165.88.3]].443: Flags [S]",
        "IP [[IP:34.165.88.3]].443 > host.51514: Flags [S]",
        "traffic [[IP:5.29.77.140]].51514 > [[IP:34.165.88.3]].443",
        "tcp4 0 0 [[IP:192.168.1.23]].51514 [[IP:34.165.88.3]].443 ESTABLISHED",
        "[/[[IP:2001:14ba:9c1:4e00:8d2:77ff:fe10:a2b3]]:50118]",
    ],
)
def test_a_dot_or_a_colon_may_join_an_ip_address_and_a_port(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "my ip is [[IP:82 . 14 . 203 . 9]]",
        "traffic from [[IP:79 dot 116 dot 40 dot 3]] again",
        "die IP ist [[IP:79 Punkt 116 Punkt 40 Punkt 3]]",
        "connect to [[IP:10 . 20 . 3 . 44]]",
        "my IP, with spaces so that your filter lets it through: [[IP:94 . 31 . 8 . 202]]",
    ],
)
def test_the_dots_of_an_ip_address_may_be_words_or_have_spaces(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "Last login from [[IP:2a01:4ec0:45fb::8aca]] (Lyon)",
        "login from [[IP:2001:db8:1:2:3:4:5:6abc]], was it you?",
        "the login page says device [[MAC:5E:7B:12:34:AB:CD]] is over its limit",
    ],
)
def test_no_part_of_an_address_is_the_password_of_a_login(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "version 1 . 2 . 3 . 4",
        "lists 1 . 2 . 3 . 4",
        "OID 1.2.3.4.5 and 1.2.3.4.6",
        "OID 1.3.6.1.4.1.311",
        "section 3.2.1.4.12",
        "foo.bar 1.2.3.4.5: fixed",
        "see 3.2.1.4.12 and 3.2.1.4.13",
        "version 1.2.3.4.500 > 1.2.3.4.400",
        "from 1 dot 2 dot 3 to 4",
    ],
)
def test_other_numbers_with_dots_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "[[URL:https://cdn.example.org/downloads/4c0e71b9d2f84a/20251130/7ae3f1]]",
        "[[URL:https://cdn.example.org/dl/0b6e4c9d8fa1472b93]]",
        "[[URL:https://cal.example.org/u/88213/k-7f3c9be1d2a04e55/all.xml]]",
        "[[URL:https://cal.example.org/x/0B6E4C9D8FA147]]",
    ],
)
def test_thirteen_hexadecimal_digits_in_a_path_give_access(marked: str) -> None:
    check_redaction(f"see {marked}, please")


@pytest.mark.parametrize(
    "marked",
    [
        "[[URL:https://example.org/share/Zx81LmQ9]]",
        "[[URL:https://example.org/join/r8wk3n7qz2]]",
        "[[URL:https://example.org/s/t7Kq2LmX0vR9/download]]",
        "[[URL:https://example.org/t/8f3b-k2qz-77wd]]",
        "[[URL:https://example.org/#/invite/Zx81LmQ9]]",
        "[[URL:https://example.org/reset/1/1716/Qx7LmT0z-kR/login]]",
        "[[URL:https://example.org/confirm/a08aff89-dae5-3945-d42a-121fd146cba7]]",
        "[[URL:https://example.org/ics/private-8f2kd0q7lz/basic.ics]]",
        "[[URL:https://example.org/Invite/AB12CD34EF]]",
        "[[URL:https://discord.gg/13ZBlWd7KA]]",
        "[[URL:https://9f1c2d7e4b@ingest.example.org/881]]",
        "[[URL:https://example.org/album/#B0kGqLmVx9RzWc4Kp]]",
    ],
)
def test_a_short_token_behind_a_word_for_access_gives_it(marked: str) -> None:
    check_redaction(f"see {marked}, please")


@pytest.mark.parametrize(
    "marked",
    [
        "[[URL:https://example.org/a?jeton=k3j9x2]]",
        "[[URL:https://example.org/a?pw=k3j9x2]]",
        "[[URL:https://example.org/a?lang=de&passwort=k3j9x2]]",
        "[[URL:https://example.org/a?guest=t7Kq2LmX0vR9]]",
        "[[URL:https://example.org/a?respondent_id=r8wk3n7qz2]]",
        "[[URL:https://example.org/a?clave=Zx81KdQp40]]",
        "[[URL:https://example.org/?p=Zx81LmQ9]]",
    ],
)
def test_parameters_of_other_names_and_languages_give_access(marked: str) -> None:
    check_redaction(f"see {marked}, please")


@pytest.mark.parametrize(
    "url",
    [
        "https://www.amazon.example/dp/B08N5WRWNW",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "https://www.instagram.com/p/C4x8Zq2Lm1o/",
        "https://www.reddit.com/r/3Dprinting/comments/1a2b3c4",
        "https://shop.example.org/p/wh1000xm5",
        "https://shop.example.org/p/iPhone15ProMax256",
        "https://shop.example.org/p/B08N5WRWNW",
        "https://shop.example.org/p/4006381333931",
        "https://example.org/download/win11-24h2",
        "https://example.org/downloads/node20lts1/x86-64",
        "https://example.org/files/report-2024q3-v2.pdf",
        "https://example.org/files/2024-q3-v2/a",
        "https://example.org/t/release-notes-2026-12-01/48291",
        "https://example.org/track/00340434161094042557",
        "https://example.org/d/api-latency/overview?from=now-6h",
        "https://example.org/confirm/subscription",
        "https://example.org/?p=48291",
        "https://example.org/?guest=2&recipient=newsletter",
        "https://example.org/?utm_source=mail8x2k&utm_campaign=bf25k3m9",
        "https://example.org/isbn/978-3-16-148410-0",
        "https://example.org/static/main.4c0e71b9d2f84a1b.js",
        "https://example.org/images/4c0e71b9d2f84a1b.jpg",
        "https://example.org/app.js?v=4c0e71b9d2f84a1b",
        "https://git.example.org/a/b/commit/4c0e71b9d2f84a1b",
        "https://git.example.org/a/b/releases/download/v1.2.3/tool-linux-x64.tar.gz",
        "https://example.org/objects/3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "https://example.org/p/3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    ],
)
def test_the_urls_of_ordinary_things_stay(url: str) -> None:
    assert redact(f"see {url}, please") == f"see {url}, please"
