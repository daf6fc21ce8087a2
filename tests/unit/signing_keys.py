"""Signing keys in every form in which people copy them, and what is refused."""

import base64
import gzip
import html
import json
import re
import zlib
from typing import Any
from urllib.parse import quote

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm

from prompt_capture.adapters.supabase.keys import SIGNING


def ec_jwk(curve: ec.EllipticCurve | None = None, is_public: bool = False) -> dict[str, Any]:
    key = ec.generate_private_key(curve or ec.SECP256R1())
    jwk = ECAlgorithm.to_jwk(key.public_key() if is_public else key, as_dict=True)
    return jwk | {"kid": "k1", "use": "sig"}


PRIVATE, PUBLIC = ec_jwk(), ec_jwk(is_public=True)
TEXT = json.dumps(PRIVATE)
HS256_SECRET = "a-legacy-secret-that-is-long-enough-for-hs256"
EC_KEY, RSA_KEY = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
DER, RSA_DER = (
    key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    for key in (EC_KEY, RSA_KEY)
)
PUBLIC_DER = EC_KEY.public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
)
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

UNDERSTOOD |= {
    "curly quotation marks": TEXT.replace('"', "\u201d"),
    "pairs of curly quotation marks": re.sub('"([^"]*)"', "\u201c\\1\u201d", TEXT),
    "low and high quotation marks": re.sub('"([^"]*)"', "\u201e\\1\u201c", TEXT),
    "HTML": html.escape(TEXT),
    "HTML with numbers": TEXT.replace('"', "&#34;"),
    "HTML of an array": html.escape(json.dumps([PRIVATE], indent=2)),
    "a data URL": f"data:application/json;base64,{base64.b64encode(TEXT.encode()).decode()}",
    "a data URL with a character set": (
        f"data:application/json;charset=utf-8;base64,{base64.b64encode(TEXT.encode()).decode()}"
    ),
    "a data URL in percent-encoding": f"data:application/json,{quote(TEXT)}",
    "a literal of Python": repr(TEXT.encode()),
    "a literal of Python with Base64": repr(base64.b64encode(TEXT.encode())),
    "a literal of Python in double quotes": f'b"{base64.b64encode(TEXT.encode()).decode()}"\n',
    "a literal of Python in quotation marks": f'"{base64.b64encode(TEXT.encode())!r}"',
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
    "a public key of SSH": (
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGr0Yw user@host",
        "is not a key; expected a private JWK",
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
    "Base64 of a DER file": (
        base64.b64encode(DER).decode(),
        "is a key in another encoding; expected a private JWK",
    ),
    "Base64 of an RSA key in a DER file": (
        base64.b64encode(RSA_DER).decode(),
        "is a key in another encoding; expected a private JWK",
    ),
    "Base64 of a public DER file": (
        base64.b64encode(PUBLIC_DER).decode(),
        "is a key in another encoding; expected a private JWK",
    ),
    "the lines of a PEM file without its ends": (
        "".join(PEM.splitlines()[1:-1]),
        "is a key in another encoding",
    ),
    "hexadecimal digits of a DER file": (DER.hex(), "is a key in another encoding"),
    "a literal of Python with a DER file": (
        repr(base64.b64encode(DER)),
        "is a key in another encoding",
    ),
    "a data URL of something else": (
        f"data:text/plain;base64,{base64.b64encode(HS256_SECRET.encode()).decode()}",
        "is a key in another encoding",
    ),
    "a value of dotenvx": (
        "encrypted:BDqDBibm4wsYqMpCjTQ6BsDHmMadg9K3dAt+Z9HPMfLEIRVz50hmLXPXRuDBXaJi",
        "is an encrypted value",
    ),
    "a value of sops": (
        "ENC[AES256_GCM,data:p673w==,iv:YY=,aad:UQ=,tag:A=]",
        "is an encrypted value",
    ),
    "a value of Ansible": (
        "$ANSIBLE_VAULT;1.1;AES256 6638643965323633646262656665306",
        "is an encrypted value",
    ),
    "a value of eyaml": (
        "ENC[PKCS7,MIIBeQYJKoZIhvcNAQcDoIIBajCCAWYCAQAxggEhMIIBHQ==]",
        "is an encrypted value",
    ),
    "a reference to the Key Vault": (
        "@Microsoft.KeyVault(SecretUri=https://ours.vault.azure.net/secrets/signing-key)",
        "is the address of a secret",
    ),
    "another reference to the Key Vault": (
        "@Microsoft.KeyVault(VaultName=ours;SecretName=supabase-signing-key)",
        "is the address of a secret",
    ),
    "a reference to App Configuration": (
        "@Microsoft.AppConfiguration(Endpoint=https://ours.azconfig.io; Key=signing)",
        "is the address of a secret",
    ),
    "a reference to Vault": (
        "vault:secret/data/prompt-capture#signing_key",
        "is the address of a secret",
    ),
    "a value of Vault's Transit": (
        "vault:v1:8SDd3WHDOjf7mq69CyCqYjBXAiQQAVZRkFM13ok481zoCmHnSeDX9vyf7w==",
        "is an encrypted value",
    ),
    "a reference to 1Password": ("op://production/supabase/signing-key", "is the address of a"),
    "a reference of vals": (
        "ref+awsssm://prompt-capture/production/signing-key",
        "is the address of a secret",
    ),
    "a reference of a spring boot program": (
        "sm://projects/ours/secrets/supabase-signing-key",
        "is the address of a secret",
    ),
    "a reference to a Secret of AWS": (
        "secretsmanager:prompt-capture/production/signing-key",
        "is the address of a secret",
    ),
    "a message of cat": (
        "cat: signing-key.json: No such file or directory",
        "is a message of a program; expected a private JWK",
    ),
    "a message of bash": (
        "bash: line 1: supabase: command not found",
        "is a message of a program",
    ),
    "a message of sh": ("/bin/sh: 1: supabase-cli: not found", "is a message of a program"),
    "a message of zsh": (
        "zsh: command not found: supabase-signing-key",
        "is a message of a program",
    ),
    "a message of the AWS CLI": (
        "An error occurred (ParameterNotFound) when calling the GetParameter operation: ",
        "is a message of a program",
    ),
    "a message of npx": (
        "npm ERR! could not determine executable to run",
        "is a message of a program",
    ),
    "a message of the CLI of Supabase": (
        "Error: unknown flag --algorithm for supabase gen",
        "is a message of a program",
    ),
    "a message of jq": (
        "jq: error (at <stdin>:0): Cannot index array with string",
        "is a message of a program",
    ),
    "a message of a shell that may not read": (
        "/bin/cat: /etc/keys/signing.json: Permission denied",
        "is a message of a program",
    ),
    "a message of PowerShell": (
        "Get-Content : Cannot find path 'C:\\signing.json' because it does not exist.",
        "is a message of a program",
    ),
    "a message of Windows": (
        "'supabase' is not recognized as an internal or external command",
        "is a message of a program",
    ),
    "a message of gcloud": (
        "ERROR: (gcloud.secrets.versions.access) NOT_FOUND: Secret not found",
        "is a message of a program",
    ),
    "a message of curl": (
        "curl: (6) Could not resolve host: vault.example.com",
        "is a message of a program",
    ),
    "another message of the AWS CLI": (
        "Unable to locate credentials. You can configure credentials by running ...",
        "is a message of a program",
    ),
    "a traceback": (
        'Traceback (most recent call last): File "x.py", line 1',
        "is a message of a program",
    ),
    "a PEM file": (PEM, "is a PEM file; expected a private JWK"),
    "a short secret": ("short", "is not a key; expected a private JWK"),
    "a publishable key": ("sb_publishable_x", "is a publishable key; expected a private JWK"),
    "a secret key": ("sb_secret_x", "is a secret key; expected a private JWK"),
    "a part of an anon key": (token(role="anon")[:-20].rpartition(".")[0], "is not a key"),
    "an anon key": (token(role="anon"), "is a legacy anon key; expected a private JWK"),
    "a user's token": (token(sub="ada"), "is a user's token; expected a private JWK"),
}
