"""Redaction finds entities next to punctuation, Markdown and tags, and leaves those."""

import pytest

from prompt_capture.domain.redaction import redact
from tests.unit.marked_texts import check_redaction


@pytest.mark.parametrize(
    "marked",
    [
        "PIN: [[SECRET:7305]]!",
        "the gate code is [[SECRET:6120]]!!",
        "Your verification code is [[SECRET:730184]]!",
        "OTP: [[SECRET:204417]]! Be quick",
        "my cvv is [[SECRET:904]]!",
        "my pin is [[SECRET:7305]]! keep it to yourself",
        "El código es [[SECRET:7305]]!",
        "PIN: [[SECRET:7305]]！",  # noqa: RUF001 (full-width)
        "2FA backup codes: [[SECRET:7305-1148]], [[SECRET:6120-3391]]!",
        "PIN: [[SECRET:7305]]?!",
        "PIN: [[SECRET:7305]]~",
        "PIN: [[SECRET:7305]]_",
        "PIN: [[SECRET:7305]]=",
        "the alarm code is [[SECRET:A7305]]!",
        "passcode: [[SECRET:7305!]]",
        "my wifi password is [[SECRET:Blue7305!]]",
    ],
)
def test_a_code_ends_before_the_punctuation_behind_it(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "pin it!",
        "the pin is 12!",
        "PIN 2FA!",
        "error code: 4829!",
        "zip code 90210!",
        "pin D4!",
        "the code is 50% done!",
        "my pin is wrong!!",
    ],
)
def test_other_words_and_numbers_before_punctuation_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "Account number: <b>[[BANK:60718293]]</b>",
        "<td>Account number</td><td>[[BANK:60718293]]</td>",
        "<tr>\n  <td>Account number</td>\n  <td>[[BANK:60718293]]</td>\n</tr>",
        '<td class="left">Account number</td><td style="padding:4px">[[BANK:60718293]]</td>',
        "<dt>Account number</dt><dd>[[BANK:60718293]]</dd>",
        "<strong>Passport:</strong> [[ID:K07Y21R85]]",
        "<p><em>Passport</em> <code>[[ID:K07Y21R85]]</code></p>",
        "<tr><td>SSN</td><td>[[ID:536904412]]</td></tr>",
        "ИНН: <b>[[ID:500100732259]]</b>",
        "mac <b>[[MAC:00aa2b3c4d5f]]</b>",
        "<li>phone: <strong>[[PHONE:4155550177]]</strong></li>",
        "DOB<br/>[[BIRTH_DATE:07.11.1979]]",
        "mail <b>[[EMAIL:ann@example.org]]</b>, host <code>[[IP:203.0.113.60]]</code>",
        "<p>my password is [[SECRET:Rusty]]</p>",
        "<p>my password is [[SECRET:Rusty]]</p><p>We meet at noon</p>",
        "<li>Password: [[SECRET:starfish]]</li>",
        "Password: [[SECRET:Rusty]]<br>User: ann",
        "wifi password: <b>[[SECRET:yellow tractor dust]]</b>",
        "wifi password: <b>[[SECRET:yellow tractor dust]]</b> on the fridge",
        "<h3>Password</h3><p>[[SECRET:rusty2031]]</p>",
        "<DIV>PIN: [[SECRET:7305]]</DIV>",
        "<p>the gate code is [[SECRET:19 42 7]]</p>",
        "<b>Seed phrase:</b> <code>[[SECRET:magnet orchid tunnel violin pepper garden]]</code>",
        "<p>Code: [[SECRET:730184]]</p>",
        "<td>Kodunuz</td><td>[[SECRET:730184]]</td>",
        "＜b＞PIN＜/b＞: [[SECRET:7305]]",  # noqa: RUF001 (full-width)
    ],
)
def test_tags_around_a_name_or_a_value_hide_nothing(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "<td>Order number</td><td>4111111111111111</td>",
        "<b>Order</b>: <code>4111111111111111</code>",
        "<li>Forgot password</li><li>New user</li>",
        "<p>The password is <b>wrong</b></p>",
        "<th>PIN</th><th>Name</th><tr><td>12</td></tr>",
        "<td>12</td><td>34</td><td>5678</td><td>9012</td>",
        "if a <b> c: pass",
        "<td>Version</td><td>1.2.3.4</td>",
        "<td>Zip code</td><td>90210</td>",
        "<td>total calls</td><td>1234567</td>",
        "<p>call</p><p>12 345</p>",
        "<td>login is a/</td><td>x</td>",
    ],
)
def test_other_numbers_and_words_between_tags_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "safe code [[SECRET:7305]]/[[SECRET:7306]]",
        "PIN: [[SECRET:7305]] / [[SECRET:7306]] / [[SECRET:7307]]",
        "the safe code is [[SECRET:7305]]/2024x",
        "PIN [[SECRET:7305]]/12",
        "the door code is [[SECRET:28 51 3]] :)",
        "the door code is [[SECRET:28 51 3]] # front",
        '"the door code is [[SECRET:28 51 3]]"',
        "the door code is **[[SECRET:28 51 3]]**",
        "the door code is [[SECRET:28 51 3]]，谢谢",  # noqa: RUF001 (Chinese)
        '"the door code is [[SECRET:28 51 33]]"',
        "alarm code [[SECRET:28 51]] 3%",
        "alarm code [[SECRET:28 51]] 3:15 pm",
        "the door code is [[SECRET:28 51]] 3分",
    ],
)
def test_all_digits_of_a_code_and_those_behind_a_slash_are_found(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize("end", ["", ".", "...", "。", ",", "!", ")"])
def test_a_token_without_digits_ends_before_the_end_of_a_sentence(end: str) -> None:
    check_redaction(f"my token is [[SECRET:hf_{'qWmRtZpLkVxBnDsYh' * 2}]]{end}")


@pytest.mark.parametrize(
    "marked",
    [
        "the host ~[[IP:203.0.113.60]]~ is gone",
        "~~[[IP:10.88.4.19]]~~ is the old one",
        "host=~[[IP:10.42.8.3]]",
        "about ~[[IP:10.42.8.3]]",
    ],
)
def test_an_address_is_found_behind_a_tilde(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        '"vendor/package": "~1.2.3.4"',
        "gem 'rails', '~> 6.1.4.1'",
        "rails ~>6.1.4.1",
        "package~=1.2.3.4",
        "package ^1.2.3.4",
        "my model is hf_example_model_without_a_token",
    ],
)
def test_versions_and_names_of_models_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "WiFi password: **[[SECRET:yellow tractor dust]]**",
        "**WiFi password: [[SECRET:yellow tractor dust]]**",
        "**PIN: [[SECRET:7305]]**!",
        "> *the password is [[SECRET:rusty2031]]*.",
        "*note* password: [[SECRET:rusty2031*]]",
        "* password: [[SECRET:rusty2031*]]",
        "~~my password is [[SECRET:yellow tractor dust]]~~.",
        "_my password is [[SECRET:yellow tractor 42]]_ and old",
        "my password is *[[SECRET:yellow tractor dust]]*, keep it",
        "my password is _[[SECRET:yellow tractor dust]]_ and it is old",
        "my password is __[[SECRET:yellow tractor dust]]__",
        "my password is ~~[[SECRET:yellow tractor dust]]~~",
        "my password is « [[SECRET:yellow tractor dust]] »",
        "my password is 【[[SECRET:yellow tractor dust]]】",
        "my password is ([[SECRET:yellow tractor dust]])",
        "Password: **[[SECRET:yellow tractor 42]]**",
        "password:\n```\n[[SECRET:rusty2031]]\n```",
        "password:\n```text\n[[SECRET:yellow tractor dust storm]]\n```\nbye",
        "password: ```[[SECRET:yellow tractor dust]]```",
        "Discord: PIN ||[[SECRET:7305]]||",
        "PIN: ||[[SECRET:7305]]||",
        "password: ||[[SECRET:rusty2031]]||",
        "**Password:** **[[SECRET:rusty2031!]]**",
        "Password: **`[[SECRET:rusty2031!]]`**",
        "my password is **_[[SECRET:yellow tractor dust]]_**",
        'my password is *_"[[SECRET:yellow tractor dust]]"_* now',
        "the door code is **[[SECRET:28 51 3]]**",
        "Seed phrase: **[[SECRET:magnet orchid tunnel violin pepper garden]]**",
        "Seed phrase: _[[SECRET:magnet orchid tunnel violin pepper garden]]_",
        "Seed phrase: 【[[SECRET:magnet orchid tunnel violin pepper garden]]】",
        f"seed phrase\n```\n[[SECRET:{'magnet orchid tunnel violin ' * 3}pepper]]\n```",
        "seed phrase:\n```\n[[SECRET:magnet orchid tunnel violin pepper garden]]\n```",
        "my password is [[SECRET:Rusty]]，谢谢",  # noqa: RUF001 (Chinese)
        "my password is [[SECRET:Rusty]]。谢谢",
        "Use **[[SECRET:730184]]** to verify your account.",
        "Use `[[SECRET:730184]]` to verify your account.",
        'Use "[[SECRET:730 184]]" to log in',
        "the safe opens with `[[SECRET:7305]]`",
        'user ann pass "[[SECRET:Green!58leaf]]"',
        "user ann pass `[[SECRET:Green!58leaf]]`",
        "user ann pass **[[SECRET:Green!58leaf]]**",
        "Cookie: lang=en; session=`[[SECRET:k3m9x7q2w5]]`",
        '"Set the alarm code to [[SECRET:6120]]", he said',
        "(reset the pin to [[SECRET:6120]] today)",
        "**Change the pin to [[SECRET:6120]] now**",
    ],
)
def test_marks_around_a_value_hide_nothing(marked: str) -> None:
    check_redaction(marked)


def test_brackets_around_a_value_hide_nothing() -> None:
    assert redact("my password is [yellow tractor dust]") == "my password is [<SECRET>]"
    words = "magnet orchid tunnel violin pepper garden"
    assert redact(f"Seed phrase: [{words}]") == "Seed phrase: [<SECRET>]"


@pytest.mark.parametrize(
    "text",
    [
        "the password is **wrong**",
        "the password is *not* here",
        "Password: _required_",
        "**the password is wrong**",
        "Password: **at least 8 characters**",
        "password: ```\n$DB_PASSWORD\n```",
        "match it in a dedicated token:\n```js\nnewline: {match: 1}\n```",
        "pass it in as `register`:\n```js\nconst client = require('client');\n```",
        "To reset the password:\n```\nnpm run reset\n```",
        "Use **2024** to log in",
        "Use `python3` to verify",
        "use **12** to sign up",
        "users pass `tests2024` often",
        "(move the pin to 0000",
        "the password is [wrong]",
        "the code is **done**",
        "the password is « wrong »",
        "seed phrase: **twelve words**",
    ],
)
def test_ordinary_words_in_marks_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "Password: 🔑 [[SECRET:Dorn7busch]]",
        "PIN: 👉 [[SECRET:5823]]",
        "PIN ✅ [[SECRET:5823]]",
        "wifi password 📶: [[SECRET:dornbusch]]",
        "the door code is 🚪[[SECRET:5823]]",
        "Password 1: [[SECRET:Dorn7busch]]\nPassword 2: [[SECRET:dornbusch]]",
        "PIN 1: [[SECRET:5823]], PIN 2: [[SECRET:9174]]",
        "password: ✅ done",
        "Passwort ✅ Login ✅",
        "my password 🙈 is 8 years old",
        "Pin 1: 3V3, Pin 2: GPIO17",
        "Password 1: at least 8 characters",
    ],
)
def test_an_emoji_or_a_count_behind_the_name_of_a_secret_hides_nothing(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        '5823,"the password is ""[[SECRET:Dorn7busch]]""",closed',
        '{""password"":""[[SECRET:dornbusch]]""}',
        "{&quot;password&quot;:&quot;[[SECRET:dornbusch]]&quot;}",
        "password=&#39;[[SECRET:dornbusch]]&#39;",
        'run "curl -u \\"admin:[[SECRET:Dorn7busch]]\\" api"',
        'run "mysql -p\\"[[SECRET:Dorn7busch]]\\""',
        'password="", user=""',
        'password=""',
        "she said &quot;hello&quot;",
    ],
)
def test_doubled_and_escaped_quotation_marks_hide_nothing(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize("marks", ["**", "*", "__", "_", "~~"])
def test_the_marks_around_a_url_stay(marks: str) -> None:
    check_redaction(f"see {marks}[[URL:https://files.example.org/a?token=k3j9x2]]{marks} today")
    check_redaction(f"{marks}[[URL:https://files.example.org/a?sig=k3j9x2]]{marks}.")
    check_redaction(f"{marks}https://youtu.be/q?t=75{marks}")
    check_redaction(f"[[URL:https://files.example.org/a?token=k3j9x2{marks}]] today")
