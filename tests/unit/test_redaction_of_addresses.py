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
        "see 3.2.1.4.12 and 3.2.1.4.13",
        "version 1.2.3.4.500 > 1.2.3.4.400",
        "from 1 dot 2 dot 3 to 4",
    ],
)
def test_other_numbers_with_dots_stay(text: str) -> None:
    assert redact(text) == text
