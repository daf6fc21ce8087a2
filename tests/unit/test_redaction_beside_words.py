"""Redaction where the words beside a value decide what it is.

Double brackets enclose each entity of a text, after the name of its placeholder.
"""

import pytest

from prompt_capture.domain.redaction import redact
from tests.unit.marked_texts import check_redaction


@pytest.mark.parametrize(
    "marked",
    [
        "a senha é [[SECRET:gato preto feliz]]",
        "a senha e\u0301 [[SECRET:gato preto feliz]]",
        "La password del wifi è [[SECRET:gatto nero felice]]",
        "a senha e [[SECRET:Gato77!x]] desde ontem",
        "La mia carta è la [[CARD:5333170944826500]] e il codice dietro non va",
        "trocaram a senha da porta para [[SECRET:5512]] e minha filha não sabia",
    ],
)
def test_the_verb_of_portuguese_and_italian_leads_to_a_password(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "Perdi a senha e o aplicativo não abre mais",
        "esqueci a senha e não consigo entrar desde ontem",
        "Ho dimenticato la password e il codice non arriva",
        "minha senha e meu usuário foram bloqueados hoje",
    ],
)
def test_the_conjunction_of_portuguese_and_italian_does_not(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "login: a.kent / pw: [[SECRET:tR9-amsel-20]] -> locked",
        "login: a.kent / password = [[SECRET:tR9-amsel-20]]",
        "Login: kent / Passwort [[SECRET:amsel2099]]",
        "login is a.kent / pwd: [[SECRET:amsel2099]]",
    ],
)
def test_the_name_of_a_password_behind_a_login_is_none(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "the gate code [[SECRET:five two nine one]] stopped working",
        "safe pin [[SECRET:four four seven two]], please keep it",
        "the password we give to guests is [[SECRET:herons eat toast]]",
        "the wifi password you sent me is [[SECRET:ruby anvil twelve]]",
        "the answer to my secret question is [[SECRET:uncle Fred's canoe]]",
        "my secret answer: [[SECRET:marmalade]]",
        "my security word is [[SECRET:marmalade]]",
        "Das Passwort, das ich hier benutze, ist [[SECRET:Zwiebelturm1683]]",
        "el PUK que viene en la tarjeta es [[SECRET:89753719]] pero falla",
        "Kasanın şifresi [[SECRET:sıfır dört dokuz iki]] idi",  # noqa: RUF001 (Turkish)
        "the hall door is opened with [[SECRET:hash 2417]] in the evening",
        "the night entrance opens with [[SECRET:8841*]] and then left",
        "提取码[[SECRET:x7k2]],谢谢",
        "the password is literally [[SECRET:turnip]]",
    ],
)
def test_a_secret_of_words_is_found_behind_further_names(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "the password you sent me is wrong",
        "the password we use is the same everywhere",
        "パスワードを定期的に変えるのは今でも必要ですか?会社の規則では三か月ごとです",
        'they want my banking password "to check the rent history", is that normal?',
        "The server listens on 127.0.0.1:8080 only, how do I reach it?",
        "What is the BIC of the bank in Bremen, SBREDE22XXX?",
        "My claim 88-1207-F was refused",
        "the customer number is 7001842 and the contract 4-77361-B",
        "the code they need is not mine",
        "mysql -u root -pxxxx fails in the tutorial",
        'the sample has "password": "<password>", what do I put there?',
        "USB pin one two three",
        "USB pins one and two",
        "an app password that will only work once is safer",
        "-----BEGIN OPENSSH PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY-----, which is newer?",
        "https://maps.example/tiles?x=17&key=YOUR_KEY has no tiles",
        "https://maps.example/tiles?token={token}&x=17",
        "the contractor committed the token in commit e58a0c2 on 4 March",
        "ESP_ERR_NVS_NOT_FOUND is logged",
        "7z l -pxxxx old.7z",
        "7z x old.7z -so | tar xf -",
        "the account SID is AC781f062f83b611a80602d6c7883ead9d",
        "the script needs sha384-oqVuAfXRKap7fdgcCY5uykM6kq9rH3eTzW1xLb0vNnYpSdJhGtQfVcZiAoEu4M8R",
        "npm wants sha512-k4Zt9Rq1LmX7vBn3Wc5Yd8Hs2Jf6Gp0AxQeUiOoPaSdFgHjKlZxCvBnM, not this",
        "tx 5f1e9c07ab3d42886e0f7b1c9d24a35f8e6b7c1d0a9f3e2b4c5d6e7f8091a2b3 has no confirmations",
    ],
)
def test_states_masks_and_public_hashes_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "point at the dot on the map",
        "look at the dot in the corner",
        "escríbeme a [[EMAIL:rosa.vidal arroba example punto es]] por favor",
        "scrivi a [[EMAIL:luca chiocciola example punto it]]",
        "login [[EMAIL:samuel at greenfinch hyphen books dot com]], please",
    ],
)
def test_an_article_is_no_domain_and_a_preposition_no_article(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "parcel JD0146 0038 8127 4490 21 is stuck",
        "updating from 4.12.0.3 to 4.12.1.0 fails",
        "firmware v2.11.4.87 or 2.11.5.2, which one?",
        "pay it to [[BANK:62330754]], sort code [[BANK:77-62-05]]",
        "sort code [[BANK:09-01-29]] with [[BANK:76418228]]",
        "Texas, driver's licence DL [[ID:28417396]]",
        "the IMEI 352099 00 176148 1 is blocked",
        "Me liguem no [[PHONE:(11) 97624-1083]], por favor",
        "put the card on my account to [[CARD:4539210866773028]], please",
        "pay into my account [[BANK:4539210866773028]]",
        "マイナンバー[[ID:\uff14\uff18\uff12\uff10\uff11\uff17\uff17\uff13\uff19\uff10\uff16\uff13]]を登録したいです",
    ],
)
def test_a_number_is_of_the_kind_that_the_words_before_it_name(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "SECRET_KEY = '[[SECRET:x&3w!q8s)bkd1tmzhpvn42drl56cgf^y7]]' and DEBUG = False",
        "7z x -p[[SECRET:Humble.Pie]] old.7z says that it is wrong",
        "7za a -p[[SECRET:Secret99]] out.7z folder",
        "passphrase in hostapd.conf: wpa_passphrase=[[SECRET:snow.plough7]]",
        "SECRET_KEY = '[[SECRET:k8z2q!x7v@lm9t(rs4fs_yc&pe0hf+sj]]'",
        "my recovery code [[SECRET:7QXM 93JS BW7Q VB3R WN8Y]] is printed",
        "mail app password [[SECRET:qzvt wkmr pldb xnsc]] is refused",
        "app-specific password: [[SECRET:qzvt wkmr pldb xnsc]]",
        "I changed the door code at the repair shop from [[SECRET:3391]] to [[SECRET:5520]] today",
        'config["token"] = "[[SECRET:!tR9]znd1bmzbvkh23slm35tmf^]]"',
        "see [[URL:https://we.tl/t-uUBtsO9hOv]] and [[URL:https://cloud.example/s/QKWgsXZOxCtJfKz]]",
        "[[SECRET:eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.DCpxV4MBEfWRN7igQB8iQHrAYNx98C25A8wqPwZhhbL]]",
        "see [[URL:https://files.example/share/usy31T0p2fDJN0hlbbaO]] (code [[SECRET:418-ROT]])",
    ],
)
def test_a_secret_goes_as_a_whole(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        'the mailbox opens with "[[SECRET:right 7, left 2, right 5]]", which way first?',
        "it is [[SECRET:left 14, right 38, left 6]]. Please",
        "[[SECRET:rechts 32, dann links 8, dann rechts 51]] und dann ziehen",
        "si apre con [[SECRET:destra 18, sinistra 5, destra 61]], dice il foglio",
        "保险柜:[[SECRET:左转三圈到18,右转到45,左转到7]],打不开",
        "金庫は[[SECRET:右に32、左に8、右に51]]です",
    ],
)
def test_the_turns_of_a_dial_are_a_secret(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "go left 2 blocks, right 3 blocks, then left 1 block",
        "turn right at 5, left at 8",
        "right 3, left 4",
    ],
)
def test_ways_and_two_turns_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "push fails for [[URL:https://gh\u0070_B8FfMzTGzP9rWHS8ajIMWAWPAFVKqx3wXJWA@example.org/a.git]]",
        "clone [[URL:https://gl\u0070at-x7Kq2LmX0vR9sT4uW1yZ@example.org/a/b]] first",
        "codes for the mail account, two are left: [[SECRET:8842 1906]] and [[SECRET:3370 5512]]",
    ],
)
def test_tokens_and_codes_of_services_are_found(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "Exercise 3.2.1.4 on page 88",
        "mitt ärende 118-2025 är öppet",
        "protocolo 20250304-5581",
        "ऑर्डर नंबर 88-20417 किसका है",
        "la llave 204 no abre nada, una reseña de 300 palabras sobre 446 páginas",
        '<link href="/css/site.min.css" crossorigin="anonymous">',
    ],
)
def test_numbers_of_things_and_counts_stay(text: str) -> None:
    assert redact(text) == text
