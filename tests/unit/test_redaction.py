"""Redaction finds entities, however they are written, and changes nothing else."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_capture.domain import redaction
from prompt_capture.domain.entities.searched import Searched
from prompt_capture.domain.entities.secrets import behind_names
from prompt_capture.domain.entities.secrets.passphrases import Relation
from prompt_capture.domain.entity_types import ENTITY_TYPES, EntityType
from prompt_capture.domain.redaction import PLACEHOLDERS, redact
from prompt_capture.domain.text import normalise
from tests.unit.redaction_fuzzer import UNITS, repeat
from tests.unit.redaction_metrics import (
    INFORMED_SETS,
    MARKED,
    UNINFORMED_SETS,
    EntityMetrics,
    measure_independent,
    measure_redaction,
    precision,
    read_independent,
    read_texts,
    recall,
)

PARTS = ("dev", "test")


@pytest.fixture(scope="module")
def metrics() -> dict[str, dict[EntityType, EntityMetrics]]:
    """Measure both parts once."""
    return {part: measure_redaction(part) for part in PARTS}


@pytest.mark.parametrize("entity_type", ENTITY_TYPES)
@pytest.mark.parametrize("part", PARTS)
def test_each_entity_type_is_found_with_high_recall_and_precision(
    metrics: dict[str, dict[EntityType, EntityMetrics]], part: str, entity_type: EntityType
) -> None:
    measured = metrics[part][entity_type]
    assert measured.marked >= 20
    assert measured.recall >= 0.95, measured.missed
    assert measured.precision >= 0.95


@pytest.mark.parametrize("name", INFORMED_SETS)
def test_texts_by_somebody_who_knew_only_the_documentation_are_redacted_well(name: str) -> None:
    measured = measure_independent(name)
    assert min(each.marked for each in measured.values()) >= 10
    assert {kind: each.missed for kind, each in measured.items() if each.recall < 0.95} == {}
    assert precision(measured) >= 0.95


@pytest.mark.parametrize("name", UNINFORMED_SETS)
def test_texts_by_somebody_who_knew_nothing_of_the_project_are_redacted_well(name: str) -> None:
    measured = measure_independent(name)
    assert min(each.marked for each in measured.values()) >= 20
    assert recall(measured) >= 0.94
    assert precision(measured) >= 0.94


@pytest.mark.parametrize("name", INFORMED_SETS)
def test_texts_by_somebody_who_knew_only_the_documentation_keep_all_but_their_entities(
    name: str,
) -> None:
    texts = read_independent(name)
    different = [each for each in texts if redact(each.text) != each.redacted]
    assert len(different) <= len(texts) / 20, different


@pytest.mark.parametrize("entity_type", ENTITY_TYPES)
def test_only_the_entity_is_replaced(entity_type: EntityType) -> None:
    texts = [text for part in PARTS for text in read_texts(part, entity_type)]
    expected = [MARKED.sub(PLACEHOLDERS[entity_type], text) for text in texts]
    redacted = [redact(MARKED.sub(r"\1", text)) for text in texts]
    different = [pair for pair in zip(expected, redacted, strict=True) if pair[0] != pair[1]]
    assert len(different) <= len(texts) / 20, different


def test_messages_without_entities_do_not_change() -> None:
    texts = [text for part in PARTS for text in read_texts(part, "ordinary")]
    assert [text for text in texts if redact(text) != text] == []


def test_redaction_changes_few_training_messages() -> None:
    folder = Path(__file__).parents[2] / "training/data/train"
    texts = [
        text for file in folder.rglob("*.txt") for text in file.read_text("utf-8").splitlines()
    ]
    changed = [text for text in texts if redact(text) != text]
    assert len(changed) < len(texts) / 500, changed


def test_each_entity_type_can_be_switched_off() -> None:
    for entity_type in ENTITY_TYPES:
        text = MARKED.sub(r"\1", read_texts("dev", entity_type)[0])
        others = [other for other in ENTITY_TYPES if other != entity_type]
        assert PLACEHOLDERS[entity_type] in redact(text)
        assert PLACEHOLDERS[entity_type] not in redact(text, others)
        assert redact(text, []) == text


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("mi número es 612345678", "mi número es <PHONE>"),
        ("mon numéro est 612345678", "mon numéro est <PHONE>"),
        ("il mio numero è 333 1234567", "il mio numero è <PHONE>"),
        ("mój numer to 501 234 567", "mój numer to <PHONE>"),
        ("mitt nummer är 070-123 45 67", "mitt nummer är <PHONE>"),
        ("мой номер 89123456789", "мой номер <PHONE>"),
        ("메일 ann@example.닷컴입니다", "메일 <EMAIL>입니다"),
        ("メールはtaro@例え.みんなです", "メールは<EMAIL>です"),
        ("mon mot de passe c'est soleil99", "mon mot de passe c'est <SECRET>"),
        ("내 번호는 01012345678", "내 번호는 <PHONE>"),
        ("打给我 138 1234 5678", "打给我 <PHONE>"),
        ("Kartenprüfnummer 123", "Kartenprüfnummer <SECRET>"),
        ("安全码是123", "安全码是<SECRET>"),
        ("lösenordet är hemligt1", "lösenordet är <SECRET>"),
        ("adgangskoden er hund1234", "adgangskoden er <SECRET>"),
        ("passordet er hund1234", "passordet er <SECRET>"),
        ("비번은 hunter22", "비번은 <SECRET>"),
        ("PGPASSWORD=hunter2 psql", "PGPASSWORD=<SECRET> psql"),
        ("Cookie: sessionid=abc123def456; theme=1", "Cookie: sessionid=<SECRET>; theme=1"),
        (f"hf_{'kZLmQxYtRvWbNcPdE' * 2}", "<SECRET>"),
        ("my social is 123 45 6789", "my social is <ID>"),
        ("SSN: 123.45.6789", "SSN: <ID>"),
        ("Emirates ID 784-1984-1234567-1", "Emirates ID <ID>"),
        ("nací el 12 de marzo de 1985", "nací el <BIRTH_DATE>"),
        ("nasci em 12/03/1985", "nasci em <BIRTH_DATE>"),
        ("født 12. marts 1985", "født <BIRTH_DATE>"),
        ("urodziłem się 12 marca 1985", "urodziłem się <BIRTH_DATE>"),
        ("mật khẩu là hunter22", "mật khẩu là <SECRET>"),
        ("mật khẩu của tôi là hunter22", "mật khẩu của tôi là <SECRET>"),
        ("كلمة السر هي hunter22", "كلمة السر هي <SECRET>"),
        ("كلمة المرور: hunter22", "كلمة المرور: <SECRET>"),
        ("رمز عبور hunter22", "رمز عبور <SECRET>"),
        ("पासवर्ड hunter22 है", "पासवर्ड <SECRET> है"),
        ("รหัสผ่าน hunter22", "รหัสผ่าน <SECRET>"),
        ("kata sandi saya hunter22", "kata sandi saya <SECRET>"),
        ("κωδικός είναι hunter22", "κωδικός είναι <SECRET>"),
        ("lozinka je hunter22", "lozinka je <SECRET>"),
        ("slaptažodis hunter22", "slaptažodis <SECRET>"),
        ("סיסמה: hunter22", "סיסמה: <SECRET>"),
        ("contrasenya és hunter22", "contrasenya és <SECRET>"),
        ("sinh ngày 12/03/1985", "sinh ngày <BIRTH_DATE>"),
        ("ngày sinh: 12/03/1985", "ngày sinh: <BIRTH_DATE>"),
        ("تاريخ الميلاد 12/03/1985", "تاريخ الميلاد <BIRTH_DATE>"),
        ("مواليد 1985/03/12", "مواليد <BIRTH_DATE>"),
        ("วันเกิด 12/03/1985", "วันเกิด <BIRTH_DATE>"),
        ("जन्म तिथि 12/03/1985", "जन्म तिथि <BIRTH_DATE>"),
        ("תאריך לידה 12/03/1985", "תאריך לידה <BIRTH_DATE>"),
        ("народився 12.03.1985", "народився <BIRTH_DATE>"),
        ("γεννήθηκα 12/03/1985", "γεννήθηκα <BIRTH_DATE>"),
        ("rođen 12.03.1985", "rođen <BIRTH_DATE>"),
        ("tanggal lahir 12-03-1985", "tanggal lahir <BIRTH_DATE>"),
    ],
)
def test_entities_are_found_by_the_words_of_several_languages(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "كلمة السر الخاصة بي هي {}",
        "كلمة مرور الواي فاي هي {}",
        "lozinka za wifi je {}",
        "geslo za wifi je {}",
        "ο κωδικός μου είναι {}",  # noqa: RUF001 (Greek)
        "ο κωδικός του wifi είναι {}",  # noqa: RUF001 (Greek)
        "הסיסמה שלי היא {}",
        "הסיסמה לוויי פיי היא {}",
        "รหัสผ่านของฉันคือ {}",
        "รหัสไวไฟ {}",
        "আমার পাসওয়ার্ড হল {}",
        "lykilorðið mitt er {}",
        "passordet mitt er {}",
        "kata laluan saya ialah {}",
        "رمز عبور من {} است",
        "رمز وای فای {}",
        "nywila yangu ni {}",
        "heslo na wifi je {}",
        "wifi şifresi {}",
    ],
)
def test_a_password_may_have_an_owner_or_a_network_in_other_languages(text: str) -> None:
    assert redact(text.format("hunter22")) == text.format("<SECRET>")


@pytest.mark.parametrize(
    "text",
    [
        "Mã xác thực của bạn là {}",
        "Mã OTP của bạn là {}",
        "OTP của bạn là {}",
        "Mã xác thực OTP: {}",
        "mã đăng nhập: {}",
        "{} là mã xác nhận của bạn",
        "كود التفعيل {}",
        "كود التحقق الخاص بك {}",
        "{} هو رمز التحقق الخاص بك",
        "Kode OTP Anda: {}",
        "{} adalah kode verifikasi Anda",
        "güvenlik kodunuz: {}",
        "tek kullanımlık şifreniz {}",  # noqa: RUF001 (Turkish)
        "код перевірки {}",
        "{} — ваш код підтвердження",
        "{} - ваш код",
    ],
)
def test_codes_that_services_send_are_found_in_other_languages(text: str) -> None:
    assert redact(text.format("482913")) == text.format("<SECRET>")


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("data de naixement {}", "12/05/1990"),
        ("vaig néixer el {}", "12 de maig de 1990"),
        ("nascuda el {}", "12/05/1990"),
        ("rođena {}", "12. svibnja 1990"),
        ("datum rođenja: {}", "1. listopada 1990"),
        ("γεννήθηκα στις {}", "12 Μαΐου 1990"),
        ("γεννημένη στις {}", "12/05/1990"),
        ("נולדתי ב-{}", "12 במאי 1990"),
        ("נולדתי ב {}", "12 במאי 1990"),
        ("Gimimo data: {}", "1990-05-12"),
        ("gimiau {}", "1990-05-12"),
        ("saya lahir {}", "12 Agustus 1990"),
        ("เกิดวันที่ {}", "12 พฤษภาคม 1990"),
        ("วันเดือนปีเกิด {}", "12/05/2533"),
        ("ngày tháng năm sinh: {}", "12/05/1990"),
        ("tôi sinh ngày {}", "12 tháng 5 năm 1990"),
    ],
)
def test_births_are_found_by_the_words_and_months_of_other_languages(text: str, date: str) -> None:
    assert redact(text.format(date)) == text.format("<BIRTH_DATE>")
    assert redact(f"{date} {date}") == f"{date} {date}"


@pytest.mark.parametrize(
    "text",
    [
        "wifi code: {}",
        "the wifi code is {} btw",
        "WLAN-Code: {}",
        "code wifi : {}",
        "the code for the wifi is {}",
        "the key for the wifi is {}",
        "the key for our guest network is {}",
        "der Schlüssel fürs WLAN ist {}",
    ],
)
@pytest.mark.parametrize("value", ["Sunny!2024", "guest_2024", "Tr0ub4dor&3"])
def test_the_code_or_the_key_of_a_network_is_a_password(text: str, value: str) -> None:
    assert redact(text.format(value)) == text.format("<SECRET>")


@pytest.mark.parametrize(
    "text",
    [
        "the key for the wifi is under the mat",
        "the wifi code is wrong",
        "the wifi code is printed on the router",
        "the key for room 204 is at the desk",
        "the wifi code page /setup.html shows nothing",
        "the wifi code expires in 24 hours",
    ],
)
def test_sentences_about_the_code_or_the_key_of_a_network_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Đơn hàng 482913 là mã vận đơn",
        "Заказ 482913, ваш код скидки",
        "كلمة المرور من 8 أحرف",
        "lozinka za wifi, gdje je",
        "tháng 5 năm 2025 là khi nào",
        "meeting 12 de maig de 2025",
        "η συνάντηση είναι στις 12 Μαΐου 2025",
        "รหัสไปรษณีย์ 10110",
        "ο κωδικός προϊόντος 482913",  # noqa: RUF001 (Greek)
        "ταχυδρομικός κωδικός 11527",
    ],
)
def test_other_languages_keep_their_references_and_dates(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("curl -u ann:hunter2 https://x.org", "curl -u ann:<SECRET> https://x.org"),
        ("curl -sS -X POST --user 'ann:hunter2' x", "curl -sS -X POST --user 'ann:<SECRET>' x"),
        ("mysql -uroot -phunter2 db", "mysql -uroot -p<SECRET> db"),
        ("sshpass -p hunter2 ssh a@b", "sshpass -p <SECRET> ssh a@b"),
        ("docker login -u ann -p hunter2", "docker login -u ann -p <SECRET>"),
        ("redis-cli -a hunter2 ping", "redis-cli -a <SECRET> ping"),
        ("Authorization: Basic YTpi", "Authorization: Basic <SECRET>"),
        ("-H 'authorization: token abcd'", "-H 'authorization: token <SECRET>'"),
    ],
)
def test_passwords_in_commands_and_headers_are_found(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "mysql -u root -P3306 db",
        "mysql -h db -p -u root",
        "docker run -p 8080:80 nginx",
        "curl -u $USER:$PASSWORD x",
        "ssh -p 2222 host",
        "mkdir -p build",
        "the authorization: basic or full?",
    ],
)
def test_other_options_of_commands_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("my card 4111 1111 1111 1111 12/27 123", "my card <CARD> 12/27 <CARD>"),
        ("card 4111111111111111, exp 12/27, 123 ok", "card <CARD>, exp 12/27, <CARD> ok"),
        ("4111111111111111|12|2027|1234", "<CARD>|12|2027|<CARD>"),
        ("card 4111111111111111 12/27 at 1230", "card <CARD> 12/27 at 1230"),
    ],
)
def test_the_security_code_behind_a_card_goes_with_it(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "mi orden número 12345678",
        "mon client numéro 12345678",
        "su número de pedido es 12345678",
        "주문 번호는 12345678",
        "订单号码 138 1234 5678",
        "my social media is at 12345678",
        "hf_transformers_is_a_good_library",
        "passport 12.03.2026",
        "the password c'est la vie",
    ],
)
def test_what_only_resembles_an_entity_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("my card 4111  1111  1111  1111", "my card <CARD>"),
        ("my card 4111\n1111\n1111\n1111", "my card <CARD>"),
        ("我的卡号是4111111111111111谢谢", "我的卡号是<CARD>谢谢"),
        ("请发邮件到ann@example.org谢谢", "请发邮件到<EMAIL>谢谢"),
        ("请发邮件到ann@example.org谢谢你", "请发邮件到<EMAIL>谢谢你"),
        ("write to ann@\u200bexample.org now", "write to <EMAIL> now"),
        ("write to ann@exam\u00adple.org now", "write to <EMAIL> now"),
        ("order number 4111111111111111", "order number 4111111111111111"),
    ],
)
def test_what_readers_would_read_is_redacted_and_its_neighbours_stay(
    text: str, redacted: str
) -> None:
    assert redact(text) == redacted


ENTITIES: tuple[tuple[EntityType, str], ...] = (
    ("card", "4111 1111 1111 1111"),
    ("card", "4012888888881881"),
    ("bank", "DE89 3704 0044 0532 0130 00"),
    ("bank", "GB29NWBK60161331926819"),
    ("email", "ann@example.org"),
    ("phone", "+49 171 2345678"),
    ("phone", "(212) 736-5000"),
    ("ip", "203.0.113.77"),
    ("ip", "2001:db8::8a2e:370:7334"),
    ("mac", "3c:22:fb:9a:41:0e"),
    ("national_id", "536-90-4399"),
    ("wallet", "0xde0B295669a9FD93d5F28D9Ec85E40f4cb697BAe"),
    ("wallet", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    ("secret", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
    ("secret", "q7Rk2Lm9Xv4Tz8Wp1Nc6Yb3Hd"),
    ("url", "https://example.org/reset?token=9f8e7d6c5b4a"),
)


def _digits(digits: str) -> Callable[[str], str]:
    return lambda text: text.translate(str.maketrans("0123456789", digits))


def _from(zero: int) -> Callable[[str], str]:
    return _digits("".join(map(chr, range(zero, zero + 10))))


WAYS_OF_WRITING: dict[str, Callable[[str], str]] = {
    "full-width": lambda text: re.sub("[!-~]", lambda sign: chr(ord(sign[0]) + 0xFEE0), text),
    "circled": _digits("⓪①②③④⑤⑥⑦⑧⑨"),
    "negative circled": _digits("⓿❶❷❸❹❺❻❼❽❾"),
    "superscript": _digits("⁰¹²³⁴⁵⁶⁷⁸⁹"),
    "mathematical": _from(0x1D7CE),
    "Arabic": _from(0x660),
    "Persian": _from(0x6F0),
    "Devanagari": _from(0x966),
    "keycaps": lambda text: re.sub("[0-9]", "\\g<0>\ufe0f\u20e3", text),
    "combining marks": lambda text: re.sub(".", "\\g<0>\u0301", text),
    "ideographic punctuation": lambda text: text.replace(".", "。").replace("@", "﹫"),
    "full-width punctuation": lambda text: text.replace(".", "\uff0e").replace("@", "\uff20"),
    "no-break hyphens": lambda text: text.replace("-", "\u2011"),
    "minus signs": lambda text: text.replace("-", "\u2212"),
} | {
    f"U+{ord(invisible):04X} between characters": invisible.join
    for invisible in "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u061c\u180e\ufe0f\u202e\u2064"
} | {
    f"{white_space!a} for spaces": lambda text, to=white_space: text.replace(" ", to)
    for white_space in ("  ", "\n", "\r\n", "\t", "\u00a0", "\u2009", "\u3000", "\n \n")
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS_OF_WRITING)
def test_no_way_of_writing_hides_an_entity(way: str) -> None:
    write = WAYS_OF_WRITING[way]
    for entity_type, entity in ENTITIES:
        assert redact(f"a {write(entity)} b") == f"a {PLACEHOLDERS[entity_type]} b"


@pytest.mark.parametrize(
    ("before", "after"),
    [("号", "谢谢"), ("は", "です"), ("는", "입니다"), ("на", "спасибо"), ("إلى", "شكرا"),
     ("אל", "תודה"), ("ที่", "นะ"), ("💳", "👍"), ("«", "»"), ("【", "】"),
     ("\uff1a", "\uff0c"), ("\uff0c", "。")],
)  # fmt: skip
def test_other_scripts_and_punctuation_neither_hide_an_entity_nor_go_with_it(
    before: str, after: str
) -> None:
    for entity_type, entity in ENTITIES:
        assert redact(f"{before}{entity}{after}") == f"{before}{PLACEHOLDERS[entity_type]}{after}"


NASTY_TEXTS = st.lists(
    st.one_of(
        st.sampled_from(UNITS),
        st.sampled_from([entity for _, entity in ENTITIES]),
        st.sampled_from(
            "ab1 2@.:/+-=<>_eyJ\n'\"()\u200b\u00ad\u0301\u0338一ж한\u11a8¨㏂⑷①４ﬁÅ。﹫"
        ),
    ),
    max_size=30,
).map("".join)


def settled(text: str) -> str:
    """Normalise a text until that changes nothing more."""
    return normalise(normalise(text))


@settings(max_examples=300, deadline=None)
@given(NASTY_TEXTS)
def test_redacting_twice_changes_nothing(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@settings(max_examples=300, deadline=None)
@given(NASTY_TEXTS)
def test_redaction_and_normalisation_have_the_same_result_in_either_order(text: str) -> None:
    assert settled(redact(settled(text))) == settled(redact(text))


def test_a_text_that_reveals_new_entities_again_and_again_is_replaced_as_a_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redaction, "_MAX_ROUNDS", 1)
    assert redact("write to ann@example.org") == "<EMAIL>"


def test_placeholders_in_a_text_stay_and_are_no_words() -> None:
    assert redact("<EMAIL> and <PHONE> 7654321") == "<EMAIL> and <PHONE> 7654321"
    assert redact("my password is <SECRET>") == "my password is <SECRET>"


def test_a_list_of_more_numbers_than_are_checked_is_redacted_from_there_on() -> None:
    not_an_id = [str(number) for number in range(44051401350, 44051401450, 2)]
    numbers = [number for number in not_an_id if redact(number) == number]
    redacted = redact(f"these: {' '.join(numbers)}")
    assert redacted.startswith(f"these: {numbers[0]} ")
    assert redacted.endswith(" <ID>")
    assert redact(redacted) == redacted


def test_a_quoted_secret_is_redacted_however_many_secrets_a_text_names() -> None:
    count = 2 * behind_names._CHECKS
    redacted = redact('password: "swordfish", ' * count)
    assert redacted == 'password: "<SECRET>", ' * count


@pytest.mark.parametrize(
    "line",
    ["PASS test_a1 0.12s\n", '{"key": "color", "value": 1}, ', '{"id": 17, "password": null}, ',
         '{"has_password": true}, ',
     "ann@example.org;+49 171 2345678;DE89 3704 0044 0532 0130 00\n",
     "f3b1c9d27a4e58f6b0a1d2e3c4f5a6b7 done\n", "error code 4821 in line 7\n"],
)  # fmt: skip
def test_a_long_list_without_named_secrets_keeps_its_form(line: str) -> None:
    count = 40
    assert redact(line * count) == redact(line) * count


@pytest.mark.parametrize(
    ("unit", "check", "limit"),
    [("ваш код 1 ", "find_value", "_CHECKS"), ("key=", "names_a_secret", "_MAX_NAMES")],
)
def test_the_names_that_are_checked_in_a_round_are_limited(
    monkeypatch: pytest.MonkeyPatch, unit: str, check: str, limit: str
) -> None:
    checks = 0
    made = getattr(behind_names, check)

    def count(searched: Searched, head: re.Match[str], relation: Relation) -> object:
        nonlocal checks
        checks += 1
        return made(searched, head, relation)

    monkeypatch.setattr(behind_names, check, count)
    redact(repeat(unit))
    assert 0 < checks <= redaction._MAX_ROUNDS * getattr(behind_names, limit)


def test_a_long_text_about_passwords_stays() -> None:
    article = (
        "Every password must have at least 12 characters, and a password that was used before is "
        "rejected. If a password is wrong five times, the account is locked. The password is "
        "stored as a hash, and the token is valid for one hour. Set a new password in the "
        "settings, or ask for a password by mail. An API key is created by an administrator. A "
        "password to a shared mailbox is kept in the vault. The PIN of your card is not the "
        "password of your account. A passphrase is longer than a password. "
    )
    assert redact(article * 7) == article * 7


@pytest.mark.parametrize("unit", UNITS)
def test_no_text_causes_catastrophic_backtracking(unit: str) -> None:
    # The time limit of each test is the assertion.
    redact(repeat(unit))
