"""Redaction of short notes: values that touch their names, logins, codes and addresses.

Double brackets enclose each entity of a text, after the name of its placeholder.
"""

import pytest

from prompt_capture.domain.redaction import redact
from tests.unit.marked_texts import check_redaction


@pytest.mark.parametrize(
    "marked",
    [
        "TEL[[PHONE:03-1234-5678]]",
        "Tel[[PHONE:030 1234567]]",
        "Handy[[PHONE:0171 2345678]] geht auch",
        "call me on phone[[PHONE:2125550199]]",
        "CARD[[CARD:4111111111111111]]",
        "my card[[CARD:4111 1111 1111 1112]] expires",
        "I changed the password to tiger house CARD[[CARD:4111111111111111]] exp soon",
        "IBAN[[BANK:DE89370400440532013000]]",
        "Konto[[BANK:532013000]] BLZ[[BANK:37040044]]",
        "ACCOUNT[[BANK:12345678]]",
        "DOB[[BIRTH_DATE:12.03.1999]]",
        "born[[BIRTH_DATE:1999-03-12]] in Bonn",
        "IP[[IP:10.20.30.40]]:8080",
        "<b>PIN[[SECRET:4711]]</b>",
        "MAC[[MAC:00:1b:44:11:3a:b7]]",
        "(PIN[[SECRET:4711]])",
        '"cvv[[SECRET:123]]"',
        "OTP[[SECRET:482913]]",
        "SSN[[ID:123-45-6789]]",
        "DNI[[ID:12345678Z]]",
        "cardnumber[[CARD:4111111111111112]] sortcode[[BANK:200000]]",
        "IPaddress[[IP:84.112.33.9]], pincode[[SECRET:4711]]",
        "\u2121[[PHONE:03-1234-5678]]",
        "TEL\u200b[[PHONE:03-1234-5678]]",
        "\uff34\uff25\uff2c[[PHONE:\uff10\uff13-1234-5678]]",
    ],
)
def test_a_number_is_found_where_its_name_touches_it(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "set pin13 high, then pin14",
        "tan30 = 0.577, tan(45) = 1, tan(30.5) + tan(120)",
        "user account12345 is new",
        "card12345, phone13 and phone14",
        "mac10.15 and macOS10.15.7 are old",
        "visa2024, pin2024, fax2024 and ip2024",
        "https://example.org/pin4711 and https://example.org/?x=card4111",
        "dni12345abc is a branch",
        "row cell2000 of the sheet",
    ],
)
def test_identifiers_with_digits_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "write to [[EMAIL:ann_smith_at_example_dot_com]].",
        "([[EMAIL:ann_dot_smith_at_example_dot_co_dot_uk]])",
        "[[EMAIL:ann-at-example-dot-com]], [[EMAIL:ann.at.example.dot.com]]",
        "mail [[EMAIL:ann.smith_at_mail_dot_my-shop_punkt_de]] bitte",
        "[[EMAIL:ann_at_gmail.com]]",
        "[[EMAIL:ann.smith at example.org]] is my email",
        "[[EMAIL:ann[underscore]smith at example dot com]]",
    ],
)
def test_an_address_is_found_whose_words_signs_join(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "look_at_this_dot_com_thing and look_at_example_dot_com",
        "sort_at_index, test_look_at_dot_com, click_at_center_dot_png",
        "meet-at-noon-dot-com-bubble",
        "the file /srv/ann_at_example_dot_com.txt",
    ],
)
def test_identifiers_with_at_and_dot_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "admin / [[SECRET:admin123]] to log in",
        "use [[SECRET:hunter22]] to sign in",
        "ann42 / [[SECRET:Zebra!9]] logs in",
        "ann / [[SECRET:Sommer2024!]] zum Anmelden",
        "the test account is demo / [[SECRET:demo1234]] for login",
        'enter "[[SECRET:hunter22]]" to log in',
        "you can use [[SECRET:sunny-2024]] to log into the portal",
        "utilise [[SECRET:soleil99!]] pour se connecter",
        "log in as ann with [[SECRET:hunter22]]",
        "to log in, use ann / [[SECRET:hunter22]]",
        "to sign in use [[SECRET:hunter22]].",
        "Sign in: ann / [[SECRET:hunter22]]",
        "ann / [[SECRET:hunter22]] is the login",
        "sign in with ann / [[SECRET:hunter22]]",
    ],
)
def test_a_password_is_found_where_only_a_login_names_it(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "use 2 fingers to log in",
        "use Chrome 118 to log in",
        "SSO / OAuth2 to log in",
        "use Office365, windows11 or Keycloak24 to log in",
        "use port 8443 to log in",
        "use SAML2.0 to sign in",
        "Windows / macOS14 to log in",
        "Chrome 118 / Firefox121 to log in",
        "log in with Chrome and Firefox121",
        "students / staff need 2FA to log in",
        "use user123 to log in",
        "frontend / backend2024 logs are full",
        "use https://example.org/login2024 to sign in",
        "use log10 / log1p to log",
        "try v2024.1 to log in",
        "to log in use Keycloak24",
        "to log in use port8443 on the host",
        "to log in: open step1 first",
        "on iOS17 / iPadOS17 log in",
        "use db-prod-01 to connect to the database",
    ],
)
def test_what_somebody_logs_in_with_is_no_password(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "p/w = [[SECRET:hunter22]]",
        "u/n ann p/w [[SECRET:hunter22]]",
        "2FA: [[SECRET:482913]]",
        "2FA code [[SECRET:482913]], it expires soon",
        "2-FA code: [[SECRET:482 913]]",
        "OTP: [[SECRET:482913]]",
        "MFA [[SECRET:482913]]",
        "Code: [[SECRET:4829]]",
        "my bank code is [[SECRET:4711]]",
        "bank code [[BANK:37040044]]",
        "* [[BIRTH_DATE:12.03.1999]]",
        "Anna Weber * [[BIRTH_DATE:12.03.1999]]",
        "Weber, Anna, * [[BIRTH_DATE:12.03.1999]] in Bonn",
        "Hans Meier * [[BIRTH_DATE:3. Mai 1940]] \u2020 12.1.2020",
    ],
)
def test_a_short_name_leads_to_a_value(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "the p/w ratio is 3, p/w = 3.5, p/w: 12 N/m",
        "2FA 2024 rollout",
        "2FA: 12345 users have it",
        "error code: 4829",
        "zip code: 4829",
        "code: 2024",
        "Code: 4829 screws, 12 pieces",
        "* 12.03.2019 concert",
        "* 12.03.2024",
        "Termine Berlin * 12.03.2019 Konzert * 13.03.2019 Lesung",
        "Open Points * 12.03.2019, meeting * 14.03.2019, call",
        "* 12.03.1999 * 13.04.1999",
        "asset tag 5105105105105100",
        "tracking label: 4111111111111111",
        "a new born star on 12/12/2024",
        "docker tag 1.2.3.4",
    ],
)
def test_points_of_lists_tags_and_other_codes_stay(text: str) -> None:
    assert redact(text) == text
