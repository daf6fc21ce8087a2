"""Keys in every form in which people copy them: understood, or refused with the remedy."""

import json
import re
import subprocess
import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from prompt_capture.adapters.supabase.keys import (
    JWT_SECRET,
    PUBLISHABLE,
    SECRET,
    SIGNING,
    UnusableKey,
    parse_signing_key,
    usable_jwt_secret,
    usable_key,
)
from tests.unit.signing_keys import (
    HS256_SECRET,
    PRIVATE,
    PUBLIC,
    REFUSED,
    TEXT,
    UNDERSTOOD,
    token,
)

ROOT = Path(__file__).parents[2]
CLI = ROOT / "node_modules/.bin/supabase"


@pytest.mark.parametrize("form", UNDERSTOOD)
def test_a_signing_key_is_understood_in_every_form(form: str) -> None:
    key = parse_signing_key(UNDERSTOOD[form])

    assert (key.key_type, key.algorithm, key.headers) == ("a private JWK", "ES256", {"kid": "k1"})
    assert key.key.private_numbers() == jwt.PyJWK(PRIVATE).key.private_numbers()


def test_an_rsa_key_and_a_shared_secret_are_understood() -> None:
    private = rsa.generate_private_key(65537, 2048)

    assert parse_signing_key(RSAAlgorithm.to_jwk(private)).algorithm == "RS256"
    secret = parse_signing_key(f"{HS256_SECRET}\n")
    assert (secret.key_type, secret.key, secret.algorithm) == (
        "a shared secret",
        HS256_SECRET,
        "HS256",
    )


@pytest.mark.parametrize(
    "secret",
    [
        "super-secret-jwt-token-with-at-least-32-characters-long",
        "/9sQ2+kf/Xy8Lr0vTzUe3hWmNcBaD4gJ5pKo6iRqSt/Vw1x==",
        "/9sQ2kfXy8Lr0vTzUe3hWmNcBaD4gJ5/pKo6iRqStVw1x",
        "$9sQ2kfXy8Lr0vTzUe3hWmNcBaD4gJ5{pKo6iRqStVw1x",
        "correct horse battery staple and then some more",
        "your-super-secret-jwt-token-with-at-least-32-characters-long",
        "place the copper keyring behind every lantern",
        "see the golden key under seven mountains at dawn",
        "put your key under the doormat and come in",
        "write drunk, edit sober, and never tell the secret",
        "your grandmother was here before the war of 1939",
        "nothing will ever change me, not even the rain",
        "all rules have to be broken, some must be replaced",
        "(a long and winding road leads to your door)",
        "{curly braces everywhere} but still {a passphrase}",
        "{kELH>xhtES~Q1)f:2Oq/?.NAj}^($dd>G%R8p^i",
        "['<bh\\z]d33egXDE-VW0g4fzn<5e72(9%s|(arz",
        "B:/1}I[-`Mac&2x@1MJKhDMW__nwr{OL_9'^Q>`[",
        "$9sQ2kfXy8Lr0vTzUe3hWmNcBaD4gJ5pKo6iRqStVw1x",
        "A_B9sQ2kfXy8Lr0vTzUe3hWmNcBaD4gJ5pKo6iRqStVw==",
        "ABCDEFGH_JKLMNOPQRSTUVWXYZ0123456789ABCDEF==",
        "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978",
        "7b22616161616161616161616161616161616161616161616161616161616161",
        "H4sIAAAAAAAAA9sQ2kfXy8Lr0vTzUe3hWmNcBaD4gJ5pKo6iRqStVw1x",
        "100%25 of this secret has % signs and %7B braces %7D in it",
        "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DP",
        "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgq8kf",
        "vault: the old one below the bank of England",
        "encrypted: everything that we ever wrote, twice",
        "secret:9sQ2kfXy8Lr0vTzUe3hWmNcBaD4gJ5pKo6iRqStVw1x",
        "to err is human; error: forgive it, command it not",
        "a fatal attraction: the error of my ways (all)",
        "permission denied is what they said at the gate",
        "no such file or directory has my heart, command not",
        "error-prone people write the best passphrases!",
        "b'9sQ2kfXy8Lr0vTzUe3hWmNcBaD4gJ5pKo6iRqStVw1x",
        "database:9sQ2kfXy8Lr0vTzUe3hWmNcBaD4gJ5/pKo6i",
        "note: no secret is safe, cannot they read files?",
        "you: cannot keep a secret in any file or command",
        "rule one: no fighting in the war room, rule two",
        "{\u201a9sQ2kfXy8Lr0vTzUe3hWmNcBaD4gJ5pKo6iRqStVw1x}",
        "tom&quot;jerry&amp;spike-and-tyke-in-the-kitchen",
    ],
)
def test_a_secret_of_any_form_is_understood(secret: str) -> None:
    assert parse_signing_key(secret).key == secret
    assert usable_key(JWT_SECRET, secret) == secret


@pytest.mark.parametrize(
    "secret",
    [
        "super-secret-jwt-token-with-at-least-32-characters-long",
        '"your-super-secret-jwt-token-with-at-least-32-characters-long"\n',
    ],
)
def test_the_secret_of_local_projects_is_refused_in_a_hosted_one(secret: str) -> None:
    """Everybody knows it, and could sign tokens of any user, reviewer or operator."""
    for local in ("http://127.0.0.1:54321/", "http://kong:8000/", "https://supabase.example/"):
        assert usable_jwt_secret(secret, local) in secret

    with pytest.raises(UnusableKey, match=r"SUPABASE_JWT_SECRET is .*everybody knows.*Unset it"):
        usable_jwt_secret(secret, "https://abcdefghijklmnopqrst.supabase.co/")


@pytest.mark.parametrize("form", REFUSED)
def test_a_signing_key_that_cannot_sign_is_refused_with_the_remedy(form: str) -> None:
    text, problem = REFUSED[form]

    with pytest.raises(UnusableKey) as refused:
        parse_signing_key(text)

    assert refused.value.problem.startswith(problem)
    assert refused.value.remedy
    assert str(refused.value).startswith(SIGNING)
    assert text not in str(refused.value)
    assert PRIVATE["d"] not in repr(refused.value)


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_the_files_that_the_supabase_cli_writes_are_understood(
    tmp_path: Path, algorithm: str
) -> None:
    (tmp_path / "supabase").mkdir()
    config = tmp_path / "supabase/config.toml"
    config.write_text('project_id = "p"\n')

    def generate(*options: str) -> str:
        command: list[str | Path] = [CLI, "gen", "signing-key", "--algorithm", algorithm, *options]
        run = subprocess.run(
            [*command, "--yes", "--workdir", tmp_path],
            env={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "HOME": str(tmp_path),
                "DO_NOT_TRACK": "1",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
        return run.stdout

    assert parse_signing_key(generate()).algorithm == algorithm
    config.write_text('project_id = "p"\n[auth]\nsigning_keys_path = "./signing_keys.json"\n')
    file = tmp_path / "supabase/signing_keys.json"
    file.write_text("[]")
    generate("--append")
    assert parse_signing_key(file.read_text()).algorithm == algorithm
    generate("--append")
    with pytest.raises(UnusableKey, match="has 2 private JWKs"):
        parse_signing_key(file.read_text())


@pytest.mark.parametrize("guide", ["deploy.md", "rotate-keys.md"])
def test_the_command_of_the_guides_leaves_the_keys_of_an_existing_project_alone(
    tmp_path: Path, guide: str
) -> None:
    """In a project with `signing_keys_path`, the CLI prints no key, and writes it to that file."""
    text = (ROOT / "docs/how-to" / guide).read_text("utf-8")
    [command] = re.findall(r"supabase gen signing-key [^`\n]* > signing-key\.json", text)
    supabase = tmp_path / "supabase"
    supabase.mkdir()
    (supabase / "config.toml").write_text(
        'project_id = "p"\n[auth]\nsigning_keys_path = "./signing_keys.json"\n'
    )
    (supabase / "signing_keys.json").write_text("[]")

    subprocess.run(
        ["bash", "-c", command],
        env={
            "PATH": f"{CLI.parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(tmp_path),
            "DO_NOT_TRACK": "1",
        },
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )

    assert (supabase / "signing_keys.json").read_text() == "[]"
    assert parse_signing_key((tmp_path / "signing-key.json").read_text()).algorithm == "ES256"


def test_the_remedy_creates_the_key_outside_of_a_project() -> None:
    with pytest.raises(UnusableKey, match=r"ES256 --workdir \"\$\(mktemp -d\)\"`"):
        parse_signing_key(" ")


@pytest.mark.parametrize(
    ("setting", "key", "problem"),
    [
        (SECRET, "sb_publishable_x", "is a publishable key; expected a secret key"),
        (SECRET, "sb_secret_YOUR_KEY", "is a placeholder; expected a secret key"),
        (SECRET, "sb_secret_", "is a placeholder; expected a secret key"),
        (
            JWT_SECRET,
            f"sbp_{'0f' * 20}",
            "is an access token of a person; expected a shared secret",
        ),
        (SECRET, "sb_secret_${KEY}", "is a placeholder; expected a secret key"),
        (SECRET, "sb_secret_<your key>", "is a placeholder; expected a secret key"),
        (SECRET, "sb_secret_aBc\u2022\u2022\u2022", "is a placeholder; expected a secret key"),
        (PUBLISHABLE, "sb_publishable_...", "is a placeholder; expected a publishable key"),
        (PUBLISHABLE, "sb_publishable_xxxxxxxxx", "is a placeholder; expected a publishable key"),
        (SECRET, token(role="anon"), "is a legacy anon key; expected a secret key"),
        (SECRET, TEXT, "is a private JWK; expected a secret key"),
        (SECRET, "sb_", "is not a key; expected a secret key"),
        (
            SECRET,
            token(role="service_role", exp=time.time() - 60),
            "is a legacy service role key that has expired",
        ),
        (PUBLISHABLE, "sb_secret_x", "is a secret key; expected a publishable key"),
        (PUBLISHABLE, json.dumps([PUBLIC]), "is a public JWK; expected a publishable key"),
        (JWT_SECRET, TEXT, "is a private JWK; expected a shared secret"),
        (JWT_SECRET, f"ssh-rsa {'A' * 64}", "is not a key; expected a shared secret"),
        (JWT_SECRET, "short", "is not a key; expected a shared secret"),
        (JWT_SECRET, f"{HS256_SECRET}\nand more", "is not a key; expected a shared secret"),
    ],
)
def test_another_key_in_a_setting_is_refused(setting: str, key: str, problem: str) -> None:
    with pytest.raises(UnusableKey) as refused:
        usable_key(setting, key)

    assert refused.value.problem == problem


@pytest.mark.parametrize("flaw", ["\u201d", "\u00e9", " x", "\nx", "\0"])
@pytest.mark.parametrize(
    ("setting", "start"), [(PUBLISHABLE, "sb_publishable_"), (SECRET, "sb_secret_")]
)
def test_a_key_that_no_header_can_hold_is_refused(setting: str, start: str, flaw: str) -> None:
    with pytest.raises(UnusableKey) as refused:
        usable_key(setting, f"{start}abc{flaw}d")

    assert refused.value.problem.startswith("has white space or characters outside ASCII")
    assert "abc" not in str(refused.value)


@pytest.mark.parametrize("key", ["sb_secret_aBc-x_Y5z9_", "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_"])
def test_a_key_may_end_with_any_character_of_base64(key: str) -> None:
    assert usable_key(SECRET, key) == key


def test_an_expiry_that_is_no_time_is_ignored() -> None:
    key = token(role="service_role", exp="tomorrow")

    assert usable_key(SECRET, key) == key
