"""Signing keys in every form in which people copy them, and what is refused."""

import base64
import gzip
import json
import zlib
from typing import Any
from urllib.parse import quote

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from jwt.algorithms import ECAlgorithm, OKPAlgorithm

from prompt_capture.adapters.supabase.keys import SIGNING


def ec_jwk(curve: ec.EllipticCurve | None = None, is_public: bool = False) -> dict[str, Any]:
    key = ec.generate_private_key(curve or ec.SECP256R1())
    jwk = ECAlgorithm.to_jwk(key.public_key() if is_public else key, as_dict=True)
    return jwk | {"kid": "k1", "use": "sig"}


PRIVATE, PUBLIC = ec_jwk(), ec_jwk(is_public=True)
TEXT = json.dumps(PRIVATE)
HS256_SECRET = "a-legacy-secret-that-is-long-enough-for-hs256"
PEM = (
    ec.generate_private_key(ec.SECP256R1())
    .private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    .decode()
)


def token(**claims: Any) -> str:
    return jwt.encode(claims, HS256_SECRET, "HS256")


UNDERSTOOD = {
    "an object": TEXT,
    "an object on several lines": json.dumps(PRIVATE, indent=2),
    "an array": json.dumps([PRIVATE]),
    "an array with a public key": json.dumps([PUBLIC, PRIVATE], indent=2),
    "a key set": json.dumps({"keys": [PRIVATE]}),
    "a newline": f"{TEXT}\r\n",
    "a byte order mark": f"\ufeff{TEXT}",
    "zero-width spaces": f"\u200b{TEXT} \u2060\n",
    "single quotes": f"'{TEXT}'",
    "double quotes": f'"{TEXT}"',
    "a JSON string": json.dumps(TEXT),
    "Base64": base64.b64encode(TEXT.encode()).decode(),
    "Base64 on several lines": base64.encodebytes(TEXT.encode()).decode(),
    "UTF-16 in an environment variable": f"\udcff\udcfe{TEXT}",
    "UTF-16 read as Latin-1": f"{TEXT}\n".encode("utf-16").decode("latin-1"),
    "UTF-16 read as UTF-8": f"{TEXT}\n".encode("utf-16-be").decode(),
    "Base64 of a file with a byte order mark": base64.b64encode(
        f"\ufeff{TEXT}\r\n".encode()
    ).decode(),
    "Base64 of a file in UTF-16": base64.b64encode(f"{TEXT}\r\n".encode("utf-16")).decode(),
    "Base64 of UTF-16 without a byte order mark": base64.b64encode(
        TEXT.encode("utf-16-le")
    ).decode(),
    "Base64 for URLs without padding": base64.urlsafe_b64encode(
        json.dumps([PRIVATE | {"use": "sig>?"}]).encode()
    )
    .decode()
    .rstrip("="),
    "Base64 of an array": base64.b64encode(json.dumps([PRIVATE]).encode()).decode() + "\n",
}

REFUSED = {
    "a public key": (json.dumps(PUBLIC), "is a public JWK; expected a private JWK"),
    "a public array": (json.dumps([PUBLIC]), "is a public JWK; expected a private JWK"),
    "a public key set": (json.dumps({"keys": [PUBLIC]}), "is a public JWK"),
    "two private keys": (json.dumps([PRIVATE, PRIVATE]), "has 2 private JWKs; expected one"),
    "half a key": (TEXT[:-20], "is not complete JSON"),
    "the other half of a key": (TEXT[20:], "is not a key; expected a private JWK"),
    "a secret with half a surrogate pair": (f"{HS256_SECRET}\udcff", "is not a key"),
    "an empty array": ("[]", "is JSON without a JWK"),
    "other JSON": ('{"a": 1}', "is JSON without a JWK"),
    "a key without its point": (
        json.dumps({"kty": "EC", "crv": "P-256", "d": PRIVATE["d"]}),
        "is not a valid private JWK",
    ),
    "an unknown algorithm": (json.dumps(PRIVATE | {"alg": ["x"]}), "is not a valid private JWK"),
    "the algorithm none": (json.dumps(PRIVATE | {"alg": "none"}), "is not a valid private JWK"),
    "a short symmetric key": (
        json.dumps({"kty": "oct", "k": "YQ", "alg": "HS256"}),
        "has a secret that is too short",
    ),
    "the line of a file of settings": (f"{SIGNING}={TEXT}", "is a line of a file of settings"),
    "a secret in a line of a file of settings": (
        f"export {SIGNING}='{HS256_SECRET}'",
        "is a line of a file of settings",
    ),
    "the id of a key": ("3B0F2C1E-8D47-4F6A-9C55-0E1D2C3B4A59\n", "is the id of a key; expected a"),
    "two layers of Base64": (
        base64.b64encode(base64.b64encode(TEXT.encode())).decode(),
        "is a key in another encoding; expected a private JWK",
    ),
    "percent-encoding": (quote(TEXT), "is a key in another encoding; expected a private JWK"),
    "percent-encoding of all characters": (
        "".join(f"%{byte:02x}" for byte in TEXT.encode()),
        "is a key in another encoding",
    ),
    "percent-encoding of Base64": (
        quote(base64.b64encode(f"{PEM}{' ' * (4 - len(PEM) % 3)}".encode()), safe=""),
        "is a key in another encoding",
    ),
    "hexadecimal digits": (TEXT.encode().hex(), "is a key in another encoding; expected a"),
    "hexadecimal digits in capitals": (
        f"0x{PEM.encode().hex().upper()}",
        "is a key in another encoding",
    ),
    "gzip in Base64": (
        base64.b64encode(gzip.compress(TEXT.encode())).decode(),
        "is a key in another encoding; expected a private JWK",
    ),
    "zlib in Base64 for URLs": (
        base64.urlsafe_b64encode(zlib.compress(json.dumps([PUBLIC]).encode())).decode(),
        "is a key in another encoding",
    ),
    "gzip in hexadecimal digits": (
        gzip.compress(PEM.encode()).hex(),
        "is a key in another encoding",
    ),
    "Base64 of a PEM file": (
        base64.b64encode(PEM.encode()).decode(),
        "is a key in another encoding",
    ),
    "Base32": (base64.b32encode(TEXT.encode()).decode(), "is a key in another encoding"),
    "the path of the file": ("./supabase/functions/signing_keys.json", "is the address of"),
    "a path without the end of a name": (
        "/run/secrets/supabase_signing_key_production",
        "is the address of a secret",
    ),
    "a path of Windows": (r"C:\Users\ada\keys\supabase signing key.txt", "is the address of a"),
    "an ARN": (
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:signing-key-AbCdEf",
        "is the address of a secret; expected a private JWK",
    ),
    "an address": ("https://vault.example.com/v1/secret/data/signing-key", "is the address of a"),
    "a reference to the Parameter Store": (
        "ssm:/prompt-capture/production/signing-key",
        "is the address of a secret",
    ),
    "a name in the Secret Manager": (
        "projects/123456789/secrets/signing-key/versions/1",
        "is the address of a secret",
    ),
    "a web page": (
        "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head></html>",
        "is a web page; expected a private JWK",
    ),
    "a web page of several lines": (
        "<html>\n<body>Sign in to continue to the dashboard</body>\n</html>",
        "is a web page",
    ),
    "an expression of GitHub": (
        "${{ secrets.SUPABASE_SIGNING_KEY_PRODUCTION }}",
        "is a placeholder; expected a private JWK",
    ),
    "an expression of Jinja": ("{{ supabase_signing_key }}", "is a placeholder"),
    "a dynamic reference": (
        "{{resolve:secretsmanager:signing-key:SecretString:key}}",
        "is a placeholder",
    ),
    "a variable": ("$SUPABASE_SIGNING_KEY_OF_PRODUCTION", "is a placeholder"),
    "a variable of PowerShell": ("$env:SUPABASE_SIGNING_KEY_OF_PRODUCTION", "is a placeholder"),
    "a variable of Windows": ("%SUPABASE_SIGNING_KEY_OF_PRODUCTION%", "is a placeholder"),
    "a variable in braces": (
        "${ssm:/prompt-capture/production/signing-key}",
        "is a placeholder",
    ),
    "a command": ("$(supabase gen signing-key --algorithm ES256)", "is a placeholder"),
    "a gap to fill in": ("<the private JWK of your project goes here>", "is a placeholder"),
    "a masked key": ("*" * 40, "is a placeholder"),
    "a request": ("please put your signing secret here now", "is a placeholder"),
    "a request in capitals": ("REPLACE_WITH_THE_JWT_SECRET_OF_YOUR_PROJECT", "is a placeholder"),
    "a note": ("TODO: copy the JWT secret from the dashboard", "is a placeholder"),
    "a place": ("your-jwt-secret-of-32-characters-goes-here", "is a placeholder"),
    "a demand": ("changeme-changeme-changeme-changeme", "is a placeholder"),
    "a warning": ("this-secret-must-be-changed-in-production", "is a placeholder"),
    "another algorithm": (json.dumps(PRIVATE | {"alg": "RS256"}), "is not a valid private JWK"),
    "another curve": (json.dumps(ec_jwk(ec.SECP384R1())), "is a key for ES384"),
    "another kind": (
        json.dumps(OKPAlgorithm.to_jwk(ed25519.Ed25519PrivateKey.generate(), as_dict=True)),
        "is a key for EdDSA",
    ),
    "a PEM file": (PEM, "is a PEM file; expected a private JWK"),
    "a short secret": ("short", "is not a key; expected a private JWK"),
    "a publishable key": ("sb_publishable_x", "is a publishable key; expected a private JWK"),
    "a secret key": ("sb_secret_x", "is a secret key; expected a private JWK"),
    "a part of an anon key": (token(role="anon")[:-20].rpartition(".")[0], "is not a key"),
    "an anon key": (token(role="anon"), "is a legacy anon key; expected a private JWK"),
    "a user's token": (token(sub="ada"), "is a user's token; expected a private JWK"),
}
