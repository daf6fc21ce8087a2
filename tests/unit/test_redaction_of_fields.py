"""Redaction of fields and sentences one behind the other: each word names its own value.

Double brackets enclose each entity of a text, after the name of its placeholder.
"""

import pytest

from prompt_capture.domain.entities.searched import Searched
from prompt_capture.domain.entities.secrets.tokens import find_tokens
from prompt_capture.domain.redaction import redact
from tests.unit.marked_texts import check_redaction


@pytest.mark.parametrize(
    "marked",
    [
        "Invoice date 05/11/2025\nDate of birth: [[BIRTH_DATE:17/06/1991]]",
        "Joined 2018-05-02 DOB [[BIRTH_DATE:1991-06-17]]",
        "Start 02.05.2018, geboren [[BIRTH_DATE:17.06.1991]]",
        "Start 02.05.2018, geboren am [[BIRTH_DATE:17.06.1991]] in Bonn",
        "Mahnung vom 05.11.2025\n\nGeboren: [[BIRTH_DATE:17.06.1991]]",
        "登记日期:2025年11月5日\n出生日期:[[BIRTH_DATE:1991年6月17日]]",
        "2025-11-05 08:15:42 DEBUG date of birth: [[BIRTH_DATE:1991-06-17]]",
        "2025-11-05T08:15:42Z WARN DOB [[BIRTH_DATE:1991-06-17]] is malformed",
        "05/11/2025 08:15:42 born [[BIRTH_DATE:17/06/1991]]",
        "invoice 20251105\n\nBorn in Oslo",
        "Order date 05/11/2025\nDate of birth: unknown",
        "deadline 2025-11-05\nDOB is still missing",
        "5/11/25, 08:15 - Ben: I was born in Oslo",
        "[[BIRTH_DATE:17/06/1991]] (DOB), 02/05/2018 (start)",
    ],
)
def test_a_date_before_a_word_for_birth_is_none_where_it_has_another_name(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "[[BIRTH_DATE:17.06.1991]] geboren in Bonn",
        "am [[BIRTH_DATE:17.06.1991]] in Bonn geboren",
        "On [[BIRTH_DATE:17 June 1991]] I was born",
        "On [[BIRTH_DATE:17 June 1991]] at 4:05 am Ann was born",
        "[[BIRTH_DATE:17.06.1991]] um 04:05 Uhr geboren",
        "[[BIRTH_DATE:1991-06-17]] DOB\n[[BIRTH_DATE:1993-08-19]] DOB",
        "Ann [[BIRTH_DATE:17.06.1991]] geb. Ben [[BIRTH_DATE:19.08.1993]] geb.",
        "[[BIRTH_DATE:17/06/1991]] is my date of birth",
        "employee: Ann Lee, [[BIRTH_DATE:17/06/1991]] (date of birth)",
        "[[BIRTH_DATE:1991年6月17日]]出生",
        "1. [[BIRTH_DATE:17.06.1991]] г.р.\n2. [[BIRTH_DATE:19.08.1993]] г.р.",  # noqa: RUF001
        "contract [[BIRTH_DATE:17/06/1991]] (DOB) of Ann",
        "[[BIRTH_DATE:1991年6月17日]]出生 [[BIRTH_DATE:1993年8月19日]]出生",
        "Иванов, [[BIRTH_DATE:17.06.1991]] г.р. Петров, [[BIRTH_DATE:19.08.1993]] г.р.",  # noqa: RUF001
        "Ayşe, [[BIRTH_DATE:17.06.1991]] doğumlu Can, [[BIRTH_DATE:19.08.1993]] doğumlu",
        "مولود في [[BIRTH_DATE:17/06/1991]]",
        "1. जन्म तिथि [[BIRTH_DATE:17/06/1991]]",
        "जन्म [[BIRTH_DATE:1 जून 1991]] को",
        "родился [[BIRTH_DATE:1 мая 1991]]",
    ],
)
def test_a_date_before_a_word_for_birth_is_found(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "birth date field removed on 2025-11-05",
        "DOB column: mandatory since 05.11.2025",
        "date of birth parser failed in release 2025-11-05",
        "nacimiento de la empresa: 2019-03-04",
        "born to die was released 2012-01-27",
        "Date of birth: unknown\nExpiry date: 05.11.2025",
        "DOB missing, invoice from 05/11/2025",
    ],
)
def test_a_date_behind_a_word_for_birth_is_none_where_it_has_another_name(text: str) -> None:
    check_redaction(text)


@pytest.mark.parametrize(
    "marked",
    [
        "date of birth (required): [[BIRTH_DATE:17/06/1991]]",
        "date of birth field: [[BIRTH_DATE:17/06/1991]]",
        "my date of birth was changed to [[BIRTH_DATE:17/06/1991]]",
        "the DOB was added as [[BIRTH_DATE:17/06/1991]]",
        "customer since 2018, born [[BIRTH_DATE:17/06/1991]]",
        "born to a family of teachers on [[BIRTH_DATE:17 June 1991]]",
        "fecha de nacimiento de mi hija: [[BIRTH_DATE:17/06/1991]]",
        "DOB of the employee who started today: [[BIRTH_DATE:17/06/1991]]",
    ],
)
def test_a_date_behind_a_word_for_birth_is_found(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "phone: [[PHONE:0151 2345678]]\n1. first point",
        "my mobile [[PHONE:+49 151 2345678]]\n1) wash up",
        "[[PHONE:+49 151 2345678]]\n5 items are left",
        "[[PHONE:+49 151 2345678]] 3 apples",
        "9. phone: [[PHONE:0151 2345678]]\n10. email",
        "call [[PHONE:212 736 5000]]\n2025-11-05 meeting",
        "[[PHONE:+49 151 2345678]] 10:15 Uhr",
        "[[PHONE:0151 2345678]]\n2. second point",
        "account number: [[BANK:87654321]]\n\n2025-11-05 payment",
        "account number: [[BANK:87654321]]\n1. check it",
        "Passport: [[ID:K02Y11S58]]\n1. copy it",
        "Passport: [[ID:K02Y11S58]] 05.11.2030",
        "card: [[CARD:4111 1111 1111 1112]]\n1. block it",
        "call [[PHONE:030 123456 78]]. Thanks",
        "Tel. [[PHONE:01 23 45 67 89]]. Merci",
        "[[PHONE:+46 8 123 456 78]] is my number",
        "[[PHONE:+49 30 1234 567 8]]. Thanks",
        "Konto [[BANK:1234 567 8]] bei der Sparkasse",
        "account [[BANK:12345678 9]] is mine",
        "call [[PHONE:0 3 0 1 2 3 4 5 6 7]]. Thanks",
        "RSVNR ist meine Sozialversicherungsnummer: [[ID:65 170839 J 00 3]]. Danke",
    ],
)
def test_a_number_ends_where_the_next_line_begins_with_one(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text", ["passport 12345678 rows", "tax id 123456 users", "dni 1234567 casos"]
)
def test_an_amount_behind_the_name_of_an_identity_number_stays(text: str) -> None:
    check_redaction(text)


@pytest.mark.parametrize(
    "marked",
    [
        "order 5812: la password è [[SECRET:Girasole77!]]",
        "Re: Ticket #5533\n\nla password è [[SECRET:girasole]]",
        "ticket 5533 la password: [[SECRET:girasole77]]",
        "page 5812. la contraseña es incorrecta",
        "module 5812. la password non va",
        "Room 5812. La contraseña no funciona",
        "invoice 5812 is the code for today",
        "[[SECRET:5812]] is my pin",
        "use [[SECRET:5812]] as the pin",
        "[[SECRET:581267]] là mã xác minh của bạn",
        "[[SECRET:Girasole77!]] là mật khẩu wifi",
        "[[SECRET:Girasole77!]] est mon mot de passe",
        "[[SECRET:Girasole77!]] is the password is that ok?",
    ],
)
def test_a_number_before_a_name_is_no_value_where_the_value_follows(marked: str) -> None:
    check_redaction(marked)


def test_an_answer_that_another_secret_follows_is_the_same_once_that_is_redacted() -> None:
    redacted = redact("password? a1密码是最少6位ghp_" + "q7Rk2Lm9Xv4Tz8Wp1NqA" * 3)
    assert redact(redacted) == redacted


@pytest.mark.parametrize(
    "marked",
    [
        "The passport of Mr Kaya has the number [[ID:28744190]].",
        "the passport of my sister has the number [[ID:28744190]]",
        "the account of our choir has the number [[BANK:87654321]]",
        "Das Konto von Herrn Kaya hat die Nummer [[BANK:87654321]].",
        "Der Reisepass meiner Schwester hat die Nummer [[ID:K02Y11S58]]",
        "my passport has the number [[ID:28744190]]",
        "the card of my sister has the number [[CARD:4111 1111 1111 1112]]",
        "účet číslo [[BANK:35-1234560155/0100]]",
        "číslo účtu [[BANK:35-1234560155/0100]]",
        "the account of our choir has 12345678 followers",
        "the passport of Mr Kaya has 24 pages and 12345678 stamps",
    ],
)
def test_the_number_of_somebody_is_found_behind_a_verb(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "Passport of the courier [[ID:M7730156]], please print",
        "the pasaporte my cousin brought along, number [[ID:AB730156]]",
        "Steuernummer von unserer Filiale am Markt: [[ID:73/014/55621]]",
        "паспорт нашого гостя: [[ID:ЯЖ 730156]]",
        "BSN, which my employer wants, is [[ID:730155621]]",
        "I changed the account for the rent to [[BANK:73015562]]",
        "konto do wpłat za przedszkole: [[BANK:61 1090 1014 0000 0712 1981 2874]]",
        "RIB du locataire : [[BANK:20041 01005 0500013M026 06]]",
        "the card she gave me yesterday is [[CARD:4111 1111 1111 1112]]",
        "Tel. do sąsiada z parteru [[PHONE:22 555 01 74]]",
        "the sort code for my branch is [[BANK:73-01-55]]",
        "routing number at my credit union is [[BANK:021000021]]",
        "the phone number that our caretaker left was [[PHONE:2125550174]]",
    ],
)
def test_a_name_reaches_its_number_over_words(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "passport photos for order 73015562",
        "my account was charged for invoice 73015562",
        "the account grew to 73015562 followers",
        "the account costs of the club are 73015562",
        "id card printer ribbon 73015562",
        "the account has no 73015562 in it",
        "passport valid from 2021 to 20310312",
        "Passport: none, Ticket: 73015562",
        "the passport. Later 73015562",
        "my passport, order id number 73015562",
    ],
)
def test_a_name_does_not_reach_what_is_another_thing(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "[[ID:C7K2M9X41]] is my passport number",
        "[[ID:A07301556]] (passport), valid until 2031",
        "[[ID:73015562]] es mi dni.",
        "73015562 is the passport application that I mean",
        "12/03/2031 is my passport date",
    ],
)
def test_a_name_behind_its_number_is_found(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "dob of the kids: [[BIRTH_DATE:04/08/2014]], [[BIRTH_DATE:11/12/2016]]",
        "geboren am [[BIRTH_DATE:04.08.1984]] und [[BIRTH_DATE:11.12.1986]]",
        "born [[BIRTH_DATE:04/08/1984]], hired 11/12/2016",
        "née Martin le [[BIRTH_DATE:04/08/1948]]",
        "date of birth for the child: [[BIRTH_DATE:04/08/2014]]",
        "his dob? it's [[BIRTH_DATE:04/08/1984]]",
    ],
)
def test_dates_of_birth_in_lists_and_answers_are_found(marked: str) -> None:
    check_redaction(marked)


def test_what_a_meter_shows_is_no_phone_number() -> None:
    text = "Meter reading 007301556 kWh on 28.02., previous 007290112"
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "login ben / [[SECRET:sunny42!]] still works",
        "credentials: root / [[SECRET:Hund4567]]",
        "Zugangsdaten: root / [[SECRET:Hund4567]]",
        "username/password: ben / [[SECRET:sunny42!]]",
        "user/pass: ben/[[SECRET:sunny42!]]",
        "user and password: ben, [[SECRET:sunny42!]]",
        "login: ben:[[SECRET:sunny42!]]",
        "login: [[EMAIL:ben@example.org]] / [[SECRET:sunny42!]]",
        "credentials: ben / [[SECRET:sonnenblume]]",
        "Passwort: [[SECRET:Schneeball]] / user: ben",
        "user / password: [[SECRET:sonnenblume]]",
        "username/password: [[SECRET:sunny42!]]",
        "credentials: ben / [[SECRET:sunny42!]], as before",
        "login: by mail / ...",
        "user/password: ben / [[SECRET:sonnenblume]]",
        "user / password: wrong / expired",
        "username and password fields / columns",
    ],
)
def test_the_user_of_a_login_stays(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "Passwort: [[SECRET:Pusteblume]]\nKonto: ben",
        "password: [[SECRET:marmalade]]\nhost: db7",
        "password: [[SECRET:marmalade]]\nserver = db7",
        "password = [[SECRET:marmalade]]\nport = 5432",
        "Kennwort: [[SECRET:blauer Elefant]]\nServer: db7",
        "passphrase: [[SECRET:winter comes early]]\nnote: keep it",
        "username/password: ben / [[SECRET:sunny42!]], password: [[SECRET:marmalade]]",
        "password: [[SECRET:tiger]]: please keep it",
        "password: [[SECRET:correct horse battery staple]]",
        "Passwort: [[SECRET:blauer Elefant]], Server: db7",
        "the password is [[SECRET:blue tiger]]: keep it",
    ],
)
def test_a_password_of_words_ends_before_the_name_of_the_next_field(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "mobile layouts: 360 640 1280 1920 px",
        "compte 7654321 abonnés",
        "mails at 12 dot com talk",
        'is the password "mandatory" here?',
        "he pins 5812 to the wall",
        "task 1.3.2.4 is done",
        "WBS 1.3.2.4",
        "Punkt 2.3.1.4 der Tagesordnung",
        "usb 2-1.3.2.4: reset",
        "2.3.1.4 is the current version",
        "2.3.1.4 ist die neue Version.",
        "Teams 24.5.0.17 hangs",
        "BIOS 1.21.4.0",
        "cardinality 4242424242424242",
        "user id 4111111111111111",
        "post_id: 4111111111111111",
    ],
)
def test_numbers_of_other_things_stay(text: str) -> None:
    check_redaction(text)


@pytest.mark.parametrize(
    "marked",
    [
        "mobile [[PHONE:212 736 5000]] 2 times",
        "mobile [[PHONE:360 640 1280]]",
        "compte [[BANK:7654321]] chez nous",
        "mails to [[EMAIL:ann at example dot org]]",
        'my password "[[SECRET:mandatory]]" was guessed',
        "my pins [[SECRET:5812]] and [[SECRET:5813]]",
        "the task runs on [[IP:203.0.113.77]]",
        "the usb server is [[IP:203.0.113.77]]",
        "[[IP:203.0.113.77]] is the version server",
        "[[IP:203.0.113.70]]-[[IP:203.0.113.77]]",
        "[[CARD:4242424242424242]] is my card",
        "card id [[CARD:4111111111111111]]",
        "I paid with [[CARD:4111111111111111]]",
    ],
)
def test_neighbours_of_numbers_of_other_things_are_found(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "SMTP_PASSWORD=\nSMTP_PORT=587",
        "SECRET_KEY=\nVERBOSE=true\nAPI_TOKEN=\nREGION=eu",
        "JWT_SECRET=\nJWT_LIFETIME=900",
        "password=\nport=5432",
        "password = \nport = 5432",
        "Password: \nPhone: [[PHONE:0171 2345678]]",
        "passwort:\nserver: mail1",
        "User:\nPasswort:\nLogin",
        "password: \n\nThanks, Mia",
        "Passwort: \n\nDanke und Gruß",
        "Password:\n\nRegards, Mia",
        "Password:\nForgot password?",
        "Password:\nSign in",
        "Passwort:\nAnmelden",
        "export TOKEN=\nexport REGION=eu",
        "Password: [[SECRET:signpost]]",
        "export TOKEN=[[SECRET:k3j9x2m8q1]]\nexport REGION=eu",
        "Token: \nTicket: INC0071852",
        "password:\n  valueFrom:\n    secretKeyRef:\n      name: store",
        "SMTP_PASSWORD=[[SECRET:Dornbusch]]\nSMTP_PORT=587",
        "SECRET_KEY=[[SECRET:MFRGGZDFMZTWQ2LK====]]",
        "password = [[SECRET:dornbusch]]\nport = 5432",
        "Password: [[SECRET:dornbusch]]\nPhone: [[PHONE:0171 2345678]]",
        "Password: [[SECRET:Dorn7busch]]: thanks",
        "password: [[SECRET:password]]",
    ],
)
def test_an_empty_field_does_not_take_the_next_line(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "- change the password\n- feed the cat",
        "- router password\n- extension cord",
        "- access token\n- callbacks",
        "- reset password\n- 12 eggs\n- 20kg flour",
        "- reset password\n- JIRA-4821",
        "badge - password - keys",
        "Password \u2013 Privacy Settings",
        "Trouble with the password - INC0071852",
        "return user.password\n- repaired logout",
        "Password - v2.3.14 released",
        "Password - changed on 2026-03-04",
        "password - [[SECRET:Dorn7busch]]",
        "wifi password \u2013 [[SECRET:dorn!busch]]",
        "PIN - [[SECRET:5823]]",
        "password - [[SECRET:582314]]",
        "API token - [[SECRET:k3j9x2m8q1]]",
        'password - "[[SECRET:dornbusch]]"',
    ],
)
def test_a_dash_assigns_no_plain_word_or_ticket(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "password=$password",
        "pass=$pass",
        'password="$db_password"',
        'password="${DB_PASS}"',
        "token: $accessToken",
        "password: $env:SMTP_PASS",
        "password=%SMTP_PASS%",
        "SMTP_PASSWORD=$SMTP_PASSWORD\nepoch=1754012345",
        "reset the password retries=3",
        "password: [[SECRET:$unflower!7]]",
        "password: [[SECRET:$onkey]]",
        'password="[[SECRET:$unflower]]"',
    ],
)
def test_a_variable_is_no_value(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize("marks", [("- ", "- "), ("* ", "* "), ("# ", "# "), ("1. ", "2. ")])
@pytest.mark.parametrize("name", ["Recovery codes", "backup codes", "Passwords"])
def test_the_secrets_in_a_list_behind_their_name_are_found(
    name: str, marks: tuple[str, str]
) -> None:
    check_redaction(
        f"{name}:\n{marks[0]}[[SECRET:4hk9-t2mz]]\n{marks[1]}[[SECRET:9xw3-b7rd]]\n\nKeep them."
    )


@pytest.mark.parametrize(
    "text",
    [
        "Error codes:\n- E404\n- E500",
        "Passwords:\n- rotate every year\n- never share them",
        "Passwords:\n1. 12 characters or more\n2. one digit",
        "Access codes:\n- 1 per person\n- valid for 3 days",
        "Passwords:\n* JIRA-4821\n* JIRA-4822",
    ],
)
def test_other_lists_behind_the_name_of_secrets_stay(text: str) -> None:
    check_redaction(text)


@pytest.mark.parametrize(
    "marked",
    [
        '<password type="plain">[[SECRET:Dorn-Busch7]]</password>',
        '<wsse:Password Type="Text">[[SECRET:Dorn-Busch7]]</wsse:Password>',
        "<password> [[SECRET:Dorn-Busch7]] </password>",
        "<password>\n  [[SECRET:Dorn-Busch7]]\n</password>",
        "<password><![CDATA[ [[SECRET:Dorn-Busch7]] ]]></password>",
        "<pin>\n[[SECRET:5823]]\n</pin>",
        "- name: SMTP_PASS\n  value: [[SECRET:haSel-wald-58]]",
        '- name: API_TOKEN\n  value: "[[SECRET:k3j9x2m8q1]]"',
        '<password type="plain"></password>',
        '<label for="password">Your password</label>',
        '<password type="plain"/><port>8080</port>',
        "- name: SMTP_PASS\n  valueFrom:\n    secretKeyRef:",
    ],
)
def test_the_value_of_an_element_or_a_variable_of_a_document_is_found(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "Kreditkarte: [[CARD:4111111111111111]]\ngültig bis 11/30\nPrüfziffer [[SECRET:582]]",
        "Visa [[CARD:4111111111111111]], Prüfnummer: [[SECRET:582]]",
        "kode pintu adalah [[SECRET:5823]]",
        "Schlüsselkasten Code [[SECRET:5823]]",
        "Schließfach 7, Code [[SECRET:5823]]",
        "room 12: code [[SECRET:5823]]",
        "dial in code [[SECRET:771925]], thanks",
        "dial-in PIN: [[SECRET:771925]]",
        "identifiants : mdupont / [[SECRET:Zebre!93x]]",
        "Inloggegevens: jan / [[SECRET:zebra93xx]]",
        "login: admin / [[SECRET:password]]",
        "Recovery codes:\n• [[SECRET:4hk9-t2mz]]\n• [[SECRET:9xw3-b7rd]]",
        "IBAN Prüfziffer 582",
        "Die Prüfnummer 5823 steht auf dem Etikett",
        "kode pos 40115",
        "kode barang 5823",
        "Zimmer 7, Code of Conduct",
        "chapter 7, code 5823",
        "dial in at 9:30",
        "identifiants : nom / email",
        "login: email / password",
    ],
)
def test_the_codes_of_cards_rooms_and_calls_are_known_by_their_words(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "Geburtsdatum (TT.MM.JJJJ): [[BIRTH_DATE:14.05.1983]]",
        "date of birth (dd.mm.yyyy): [[BIRTH_DATE:14.05.1983]]",
        "date of birth (dd/mm/yyyy): [[BIRTH_DATE:14/05/1983]]",
        "DOB (mm.dd.yy) [[BIRTH_DATE:05.14.83]]",
        "date de naissance (jj.mm.aaaa) : [[BIRTH_DATE:14.05.1983]]",
        "Geboortedatum, dd.mm.jjjj: [[BIRTH_DATE:14.05.1983]]",
        "DOB? [[BIRTH_DATE:14.05.1983]]",
        "What is your date of birth? [[BIRTH_DATE:14 May 1983]]",
        "Q: Date of birth? A: [[BIRTH_DATE:14.05.1983]]",
        "**Date of birth?** [[BIRTH_DATE:14.05.1983]]",
        "when were you born? [[BIRTH_DATE:14.05.1983]]",
        "Wann bist du geboren?\n[[BIRTH_DATE:14.05.1983]]",
    ],
)
def test_a_question_or_a_format_before_a_date_of_birth_hides_nothing(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "Is the date of birth missing? Release 14.05.2019",
        "DOB? 14.05.2026 is the deadline",
        "Do you have the DOB? The order is of 14.05.2019",
        "Parse dates as dd.mm.yyyy, such as 14.05.2019",
    ],
)
def test_dates_of_other_things_behind_a_question_or_a_format_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "Phone 1: [[PHONE:5550142]]\nPhone 2: [[PHONE:5550143]]",
        "Phone #2: [[PHONE:5550142]]",
        "Account 1: [[BANK:87654321]]",
        "Passport 1: [[ID:K02Y11S58]]",
        "DOB 1: [[BIRTH_DATE:14.05.1983]]",
        "Card 2: [[CARD:4111 1111 1111 1112]]",
        "Passport no. (as shown): [[ID:K02Y11S58]]",
        "Account number (8 digits): [[BANK:87654321]]",
        "Sort code (6 digits): [[BANK:309013]]",
        "Phone (10 digits): [[PHONE:4155550143]]",
        "Kontonummer (10-stellig): [[BANK:8765432101]]",
        "Account number (as on the letter) is [[BANK:87654321]]",
    ],
)
def test_which_field_it_is_and_a_remark_hide_nothing(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "call 1: 1234567 ms, call 2: 2345678 ms",
        "account 12: 40 rows",
        "card 3: 4 of hearts",
        "passport (see page 1234)",
        "account (2019): closed",
        "phone 2: see page 12",
    ],
)
def test_counted_fields_without_a_number_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "č. účtu: [[BANK:2300145672/2010]]",
        "účet: [[BANK:19-2300145672/0800]]",
        "bankkonto [[BANK:8601 11 17948]]",
        "N° de compte : [[BANK:0500013M027]]",
        "SC: [[BANK:30-90-13]] Acc: [[BANK:87654321]]",
        "Account [[BANK:87654321]], SC [[BANK:30-90-13]]",
        "USt-IdNr. [[ID:DE136695976]]",
        "USt-IdNr.: [[ID:DE 136 695 976]]",
        "VAT ID [[ID:ATU13585627]]",
        "VAT number: [[ID:GB980780684]]",
        "VAT no. [[ID:980 7806 84]]",
        "BTW-nummer [[ID:NL123456789B01]]",
        "N° TVA : [[ID:FR40303265045]]",
        "IČO [[ID:25596641]]",
        "DIČ: [[ID:CZ25596641]]",
        "P.IVA [[ID:00743110157]]",
        "Partita IVA: [[ID:IT00743110157]]",
        "UID: [[ID:CHE-123.456.789]]",
        "SIRET [[ID:73282932000074]]",
        "SIREN : [[ID:732 829 320]]",
    ],
)
def test_accounts_and_tax_numbers_of_countries_are_found(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "účet 20000 Kč",
        "SC: 30-90-13",
        "sc 10-11-12 is the room",
        "the VAT is 19 percent of 100000",
        "VAT in DE 19",
        "siren 112",
        "favicon.ico 128",
        "IVA 21% de 2500000",
        "uid 1000, gid 1000",
        "uid: 100200300",
    ],
)
def test_other_words_and_numbers_beside_names_of_accounts_and_taxes_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFq8Zt2mXvLr0KpWcTy9NbEsHdUoJ1fGiA5aRkYx3QwV ann",
        "PublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=",
        "set OPENAI_API_KEY=your-key-here first",
        "password: !secret wifi_password",
        "Invalid API Key provided: sk_live_****4471",
        "XXXX-XXXX-XXXX-9013 appears on my receipt",
        "Access denied for user 'app' (using password: YES)",
        f"the sha256sum of the iso is {'f17cbb282cb6b4b3' * 4}",
    ],
)
def test_public_keys_masks_and_notes_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "url",
    [
        "https://cloud.example.ch/s/kYqq24UCW7BdfmM",
        "https://drive.example.it/s/q8ZpTn3vW7yLx2/download",
        "https://files.example.org/f/s!AmK7pQ2xV9bTz4Lr",
        "https://weather.example.org/2.5/now?q=Kiel&appid=9f2c4b7a1d8e3f60b5a7c9d2e4f6081b",
    ],
)
def test_a_link_with_a_token_is_secret(url: str) -> None:
    assert redact(f"see {url}, please") == "see <URL>, please"


@pytest.mark.parametrize(
    "url", ["https://example.org/Release2023Notes04", "https://example.org/GettingStartedV2"]
)
def test_names_in_the_path_of_a_url_stay(url: str) -> None:
    assert redact(url) == url


@pytest.mark.parametrize("joint", [" ", ", ", " / ", "|"])
def test_a_sort_code_with_an_account_needs_no_name(joint: str) -> None:
    check_redaction(f"refunds go to [[BANK:30-94-57]]{joint}[[BANK:28817703]] from now on")


def test_a_date_in_two_forms_is_no_sort_code_with_an_account() -> None:
    text = "backup job 12-03-26 20260312 is done"
    assert redact(text) == text


@pytest.mark.parametrize("mask", ["xxxx", "XXXX", "****"])
def test_a_masked_password_in_quotation_marks_stays(mask: str) -> None:
    text = f"SELECT * FROM users WHERE password = '{mask}' AND active = 1"
    assert redact(text) == text


@pytest.mark.parametrize("key", ["LQNH IV5T 6T7W MTAC", "lqnh iv5t 6t7w mtac vhri cp5a 5n2i 32lr"])
def test_the_key_of_an_authenticator_in_groups_is_a_secret(key: str) -> None:
    check_redaction(f"if you cannot scan it: [[SECRET:{key}]], then the code")


def test_words_and_numbers_of_four_characters_are_no_key() -> None:
    text = "with some more text than this 2345 2345 2345 rows"
    assert list(find_tokens(Searched(text))) == []
