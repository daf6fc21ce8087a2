"""Redaction of messages as students and employees write, quote and forward them.

Double brackets enclose each entity of a text, after the name of its placeholder.
"""

import pytest

from prompt_capture.domain.redaction import redact
from tests.unit.marked_texts import check_redaction

SEEDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"
NUMBERED_SEEDS = " ".join(f"{n}. {word}" for n, word in enumerate(SEEDS.split(), 1))
RECOVERY_KEY = "448789-153758-031504-400565-078111-476047-273471-537548"


@pytest.mark.parametrize(
    "marked",
    [
        "> the card I used was\n> [[CARD:4111 1111\n> 1111 1111]]\nok, I will refund it",
        "> transfer it to\n> [[BANK:DE89 3704 0044\n> 0532 0130 00]]\ndone!",
        "Ann wrote:\n> my mobile is [[PHONE:+44 7911\n> 123456]], call any time",
        "Ann wrote:\n>> [[IP:84.112.33.9]] is\n>> my address",
        "Ann wrote: > my date of > birth is [[BIRTH_DATE:12 March > 1999]] > thanks",
        "> > the wifi password is\n> > [[SECRET:correct horse\n> > battery staple]]\n> thanks!",
        ">write to\n>[[EMAIL:ann@example.org]]\n>soon",
        "my card, [[CARD:4111 1111\n> 1111 1111]], was declined",
    ],
)
def test_the_marks_of_quoted_lines_hide_nothing(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "> On page 12\n> 2024 edition",
        "> 2023 12\n> 2024 15\n> 2025 18",
        "> order 4711\n> 0815 items",
        "why is 5 > 3 and 2 > 1?",
        "Settings > Password > Reset",
        "rows: >= 12345678",
        "calls > 1234567",
        "a -> b -> c",
    ],
)
def test_comparisons_paths_and_numbers_in_quoted_lines_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "write to [[EMAIL:ann&commat;example.org]] please",
        "[[EMAIL:ann&commat;example&period;org]] is the address",
        "[[EMAIL:ann.lee&#x00040;example&#46;org]] is the address",
        "[[EMAIL:&#97;&#110;&#110;&#64;&#101;xample.org]], thanks",
        "call [[PHONE:06&nbsp;12&nbsp;34&#160;56&nbsp;78]] tonight",
        "card [[CARD:4111&nbsp;1111&#8203;1111&nbsp;1111]]",
        "&copy; 2024, &#8364; 12, [[EMAIL:ann&#64;example.org]]&#33;",
    ],
)
def test_references_of_html_hide_nothing(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "what does &commat; mean in HTML?",
        "&commat;media in CSS",
        "Tom &amp; Jerry 1940, a &lt; b &gt; c",
        "&lt;EMAIL&gt; &#60;EMAIL&#62; &#38;#64;",
        "&#1114112; &#x110000; &#xD800; &#0; &#xFDFA;",
    ],
)
def test_other_references_of_html_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "b. [[BIRTH_DATE:15 July 1984]] in Leeds, studied chemistry",
        "Ann Lee (b. [[BIRTH_DATE:15/07/1984]]) joins on 12/03/2026",
        "Ann Lee, b. [[BIRTH_DATE:July 15, 1984]], Leeds",
        "Ann Lee b. [[BIRTH_DATE:15 July 1984]]",
        "Weber, Anna (* [[BIRTH_DATE:12.03.1999]] in Bonn)",
        "Anna Weber, *[[BIRTH_DATE:12.03.1999]] in Bonn",
        "*[[BIRTH_DATE:12.03.1999]]",
        "f. [[BIRTH_DATE:15. juli 1984]] i Aarhus",
        "fødselsdag: [[BIRTH_DATE:15/07 1984]]",
        "født [[BIRTH_DATE:15/7-1984]]",
        "född [[BIRTH_DATE:15/7 1984]]",
        "synt. [[BIRTH_DATE:15.7.1984]]",
        "syntymäpäivä: [[BIRTH_DATE:15.7.1984]]",
        "nasc. [[BIRTH_DATE:12/03/1999]]",
        "nac. [[BIRTH_DATE:12/03/1999]]",
        "d.tarihi [[BIRTH_DATE:12.03.1999]]",
        "doğum günüm [[BIRTH_DATE:12 Mart 1999]]",
        "rojen [[BIRTH_DATE:12. 3. 1999]]",
        "sünniaeg [[BIRTH_DATE:12.03.1999]]",
        "dzimšanas datums [[BIRTH_DATE:12.03.1999]]",
        "gimimo data [[BIRTH_DATE:1999-03-12]]",
        "роден на [[BIRTH_DATE:12.03.1999]]",
        "датум рођења [[BIRTH_DATE:12.03.1999]]",
        "születésnap: [[BIRTH_DATE:1999.03.12]]",
        "narozeniny [[BIRTH_DATE:12. 3. 1999]]",
    ],
)
def test_a_birth_has_short_markers_and_those_of_further_languages(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "b. explain the results of exercise 2",
        "b. 3 July is the deadline",
        "a. 10 July 1914 b. 15 July 1915 c. 20 July 1916: when was it?",
        "1. b. 12 March 1945",
        "Question 3b. 12 March 1945 was when?",
        "1984 b. 12 March 1945",
        "fig. b. 12/03/1999",
        "sample b. 12/03/1999",
        "Appendix B. 12 March 1999",
        "seminar b. 12 March 2026",
        "* 12.03.1999 exam\n* 19.03.1999 exam",
        "(* 2 for doubles)",
        "*12.03.1999* was the deadline",
        "**12.03.1999**",
        "5 *12.03.1999",
        "*12.03.2026 exam",
        "*1.1.2020: new prices",
        "published 15/7-1984",
    ],
)
def test_parts_of_questions_and_points_of_lists_are_no_births(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "pw (wifi) [[SECRET:kaffee2024]]",
        "wifi pw (guest) [[SECRET:kaffee2024]]",
        "Passwort (wlan) [[SECRET:kaffee2024]]",
        "mdp (wifi) [[SECRET:soleil2023]]",
        "contraseña (wifi) [[SECRET:gatito123]]",
        "пароль (wifi) [[SECRET:solnce55]]",
        "pw (for the wifi) is [[SECRET:kaffee2024]]",
        "password (moodle) [[SECRET:hunter22]]",
        "mot de passe (moodle) [[SECRET:soleil99]]",
        "PIN (app) [[SECRET:4711]]",
    ],
)
def test_what_a_password_is_for_may_be_in_brackets(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "pw (wifi) does not work",
        "pw (wifi)?",
        "password (8 characters)",
        "password (min 8 characters)",
        "pass (with honors) 2024",
        "password (old) 2024-01-01",
        "password (length) 12",
        "password (OAuth2) flow",
        "password (2fa) enabled",
        "password (legacy) sha256",
        "password argon2id hash",
        "token base64 encoded",
        "wifi password wpa2 only",
    ],
)
def test_remarks_about_a_password_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "校验码 [[SECRET:482913]]",
        "【学习通】校验码：[[SECRET:482913]]",  # noqa: RUF001 (Chinese)
        "Kodunuz [[SECRET:482913]]",
        "Kodunuz: [[SECRET:4829]]",
        "Tek kullanımlık kodunuz [[SECRET:482913]]",  # noqa: RUF001 (Turkish)
        "Kódod: [[SECRET:482913]]",
        "Az Ön kódja [[SECRET:482913]]",
        "Koodisi on [[SECRET:482913]]",
        "Kode Anda adalah [[SECRET:482913]]",
        "رمزك هو [[SECRET:482913]]",
        "הקוד שלך הוא [[SECRET:482913]]",
        "Ο κωδικός σας είναι [[SECRET:482913]]",  # noqa: RUF001 (Greek)
        "您的代码是[[SECRET:482913]]",
        "Mã của bạn là [[SECRET:482913]]",
        "รหัสของคุณคือ [[SECRET:482913]]",
        "आपका कोड [[SECRET:482913]] है",
        "Codul tău este [[SECRET:482913]]",
        "Váš ověřovací kód: [[SECRET:482913]]",
        "Vaš kod je [[SECRET:482913]]",
        "کد تایید: [[SECRET:482913]]",
        "Your code [[SECRET:482 913]]",
        "Seu código [[SECRET:482913]]",
    ],
)
def test_the_code_that_somebody_was_sent_is_found_by_the_name_of_its_language(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "Do not share the code [[SECRET:482913]] with anyone",
        "Code: [[SECRET:4829]]. Do not share it.",
        "Никому не сообщайте код [[SECRET:482913]]",
        "No compartas el código [[SECRET:482913]]",
        "Ne partagez pas le code [[SECRET:482913]]",
        "Geben Sie den Code [[SECRET:482913]] nicht weiter",
        "Nie udostępniaj kodu: kod [[SECRET:482913]]",
        "Code: [[SECRET:482913]]",
        "Code [[SECRET:482 913]]!",
        "**Code:** [[SECRET:482913]]",
        "Код: [[SECRET:482913]]",
        "Code: [[SECRET:4829]]. Valid for 5 minutes.",
        "Code [[SECRET:48291]], expires in 10 min",
        "MFA: [[SECRET:482913]]",
        "कोड: [[SECRET:482913]]",
        "รหัส: [[SECRET:482913]]",
        "הקוד: [[SECRET:482913]]",
        "认证码：[[SECRET:482913]]",  # noqa: RUF001 (Chinese)
        "代码 12, 请勿泄露: コード [[SECRET:482913]]",
    ],
)
def test_a_code_that_nobody_may_share_or_that_stands_alone_is_a_secret(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "CRC校验码 482913",
        "CRC 校验码 482913",
        "校验码 0x482913",
        "校验码 12",
        "posta kodunuz 34710",
        "Posta kodunuz: 34710",
        "indirim kodunuz: 482913",
        "öğrenci kodunuz 482913",
        "kodunuz 482913 satır",  # noqa: RUF001 (Turkish)
        "kodunuz 2024 yılında yazılmış",  # noqa: RUF001 (Turkish)
        "your code 4829 lines",
        "your code 1024 fails",
        "Kode mata kuliah 482913",
        "Код ошибки 482913",
        "code 1234 in the exercise",
        "share code 5 with the class",
        "promo code 482913, do not share it",
        "Code: 2024. Do not share the exercise.",
        "exit code: 482913",
        "error code 482913",
        "course code: 482913",
        "discount code: 482913, valid for 5 days",
        "the cache of code 1234 expires in 10 minutes",
        "promo code: SUMMER20",
        "代码: 600519",
    ],
)
def test_other_codes_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        f"bitlocker key: [[SECRET:{RECOVERY_KEY}]]",
        f"Wiederherstellungsschlüssel: [[SECRET:{RECOVERY_KEY}]]",
        f"it shows [[SECRET:{RECOVERY_KEY}]]",
        "LUKS key: [[SECRET:Blau+Gelb99x]]",
    ],
)
def test_the_keys_of_encrypted_disks_are_found(marked: str) -> None:
    check_redaction(marked)


def test_eight_groups_of_digits_that_are_no_recovery_key_stay() -> None:
    text = "the run 448788-153758-031504-400565-078111-476047-273471-537548 failed"
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        f"mnemonic [[SECRET:{SEEDS}]]",
        f"my metamask seed [[SECRET:{SEEDS}]], please restore it",
        f"secret recovery phrase [[SECRET:{SEEDS}]] please restore it",
        f"ledger recovery phrase (24 words): [[SECRET:{SEEDS} {SEEDS}]]",
        f"助记词 [[SECRET:{SEEDS}]]",
        f"frase semilla: [[SECRET:{SEEDS}]]",
        f"phrase de récupération : [[SECRET:{SEEDS}]]",
        f"seed phrase: [[SECRET:{NUMBERED_SEEDS}]]",
    ],
)
def test_the_words_of_a_wallet_are_found_behind_their_name(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "a mnemonic for resistor colours: big boys race our young girls but violet generally wins",
        "mnemonic: every good boy does fine",
        "mnemonic: my very educated mother just served us nine pizzas",
        "the mnemonic for the planets is my very educated mother just served us noodles",
        "seed words for brainstorming climate energy water food health education cities transport",
        "my metamask seed is lost",
        "a recovery phrase for after the surgery",
    ],
)
def test_other_mnemonics_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "Cookie: session=[[SECRET:abc123def456]]; lang=en",
        "Set-Cookie: session_id=[[SECRET:abc123def456]]; Path=/; HttpOnly",
        "Cookie: lang=en; theme=dark2024; MoodleSession=[[SECRET:q8vn2k4l9sd0f7]]",
        "Cookie: laravel_session=[[SECRET:eyJpdiI6Ik]]; XSRF-TOKEN=[[SECRET:abc123def456]]",
        '-H "Cookie: connect.sid=[[SECRET:abc123def456]]"',
        'curl -b "session=[[SECRET:abc123def456]]" https://moodle.example.org',
        "curl --cookie 'sid=[[SECRET:abc123def456]]' https://example.org",
        'document.cookie = "session=[[SECRET:abc123def456]]"',
        'requests.get(url, cookies={"lang": "en", "session": "[[SECRET:abc123def456]]"})',
    ],
)
def test_the_cookies_of_sessions_are_found(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "Cookie: lang=en; theme=dark2024; consent=20240312",
        "cookies: 250 g flour, 125 g butter",
        "Cookie policy 2024: session=none",
        "session=spring2025 in the catalogue",
        "set-cookie: lang=de-DE",
        "Cookie: session=expired",
    ],
)
def test_other_cookies_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "the account number of the club is [[BANK:12345678]]",
        "Kontonummer des Vereins: [[BANK:12345678]]",
        "passport number of my wife is [[ID:C01X00T47]]",
        "the MAC address of the printer is [[MAC:001B44113AB7]]",
        "MAC-Adresse meines Laptops: [[MAC:001B44113AB7]]",
        "the door pin for room 3.12 is [[SECRET:2468]]",
        "the door code for B302 is [[SECRET:4711]]",
        "password of user123: [[SECRET:hunter22]]",
        "password for user123 [[SECRET:hunter22]]",
        "Passwort von anna42 ist [[SECRET:Sommer2024]]",
        "mot de passe de marie75 : [[SECRET:soleil]]",
        "mobile([[PHONE:9876543210]])",
        "call([[PHONE:02212345678]])",
    ],
)
def test_a_sentence_may_say_whose_number_it_is(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "call f(12345678)",
        "ring(12345678)",
        "dial(12345678) in the test",
        "f(x)=2x+12345678",
        "compute 5+12345678",
        "calls foo(12345678, 2)",
        "text.replace(1234567, 2)",
        "call f(x, 12345678) and print",
        "2x + 12345678 = 0",
        "MAC address of the printer is unknown",
        "mon numéro étudiant est 21904567",
        "il mio numero di matricola è 21904567",
        "mi número de estudiante es 21904567",
        "the account of the trip is 20000 words long",
    ],
)
def test_the_arguments_of_calls_and_amounts_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "def get_password(self): pass",
        "def get_password(user): return vault.read(user)",
        "async def reset_password(email): await send(email)",
        "def set_password(pw):\n    self.pw = hash(pw)",
        "def __init__(self, password):\n    self.password = password",
        "login(user=user, password=password)",
        "password = bcrypt.hash(pw, 10)",
        "lambda password: check(password)",
        "for pw in passwords: check(pw)",
    ],
)
def test_programs_that_pass_a_password_on_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "password=[[SECRET:password]]",
        "for my guests, the wifi password: [[SECRET:sunshine]]",
        "code to get into the garage [[SECRET:1847]]",
        "code to get in the building: [[SECRET:1847*]]",
        "code to enter the flat: [[SECRET:1847]]",
        "nmap -sV [[IP:198.51.100.23]]",
        "ssh -v [[IP:198.51.100.23]]",
        "[[EMAIL:ann(dot)smith(at)example(dot)com]]",
        "write to [[EMAIL:ann[dot]smith[at]example[dot]com]]",
        "txt me [[PHONE:6175550199]]",
        "msg me on [[PHONE:6175550199]]",
        "hit me up: [[PHONE:6175550199]]",
        "call me at [[PHONE:+ 49 170 1234567]]",
    ],
)
def test_options_purposes_and_short_words_hide_nothing(marked: str) -> None:
    check_redaction(marked)
