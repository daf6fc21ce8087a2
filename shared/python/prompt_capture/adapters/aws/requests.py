"""Signed requests in AWS's JSON protocol (Signature Version 4), without the AWS client.

Importing botocore's signer adds 60 to 100 ms to a cold start (docs/decisions/0008). The method:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from prompt_capture.settings import AwsSettings

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class AwsJsonService:
    """An AWS service with a JSON protocol.

    `name` is its name in signatures, `target` the prefix of its actions, and `version` that of the
    protocol.
    """

    name: str
    target: str
    version: str
    endpoint: str
    settings: AwsSettings

    def create_request(self, action: str, payload: Mapping[str, Any]) -> httpx.Request:
        """Return a signed request for an action. The signature is valid for five minutes."""
        body = json.dumps(payload).encode()
        headers = {
            "Content-Type": f"application/x-amz-json-{self.version}",
            "X-Amz-Target": f"{self.target}.{action}",
        }
        url = httpx.URL(self.endpoint)
        signed = sign(url, headers, body, self.name, self.settings, datetime.now(UTC))
        return httpx.Request("POST", url, headers=signed, content=body)


def sign(
    url: httpx.URL,
    headers: Mapping[str, str],
    body: bytes,
    service: str,
    settings: AwsSettings,
    now: datetime,
) -> dict[str, str]:
    """Return the headers of a POST request together with its signature. `now` is in UTC."""
    signed = dict(headers) | {"X-Amz-Date": now.strftime("%Y%m%dT%H%M%SZ")}
    if settings.aws_session_token:
        signed["X-Amz-Security-Token"] = settings.aws_session_token.get_secret_value()
    canonical = {name.lower(): " ".join(value.split()) for name, value in signed.items()}
    canonical = dict(sorted({**canonical, "host": url.netloc.decode()}.items()))
    names = ";".join(canonical)
    canonical_request = "\n".join(
        [
            "POST",
            url.path,
            url.query.decode(),
            *(f"{name}:{value}" for name, value in canonical.items()),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = [now.strftime("%Y%m%d"), settings.aws_region, service, "aws4_request"]
    string_to_sign = "\n".join(
        [
            _ALGORITHM,
            signed["X-Amz-Date"],
            "/".join(scope),
            hashlib.sha256(canonical_request.encode()).hexdigest(),
        ]
    )
    key = b"AWS4" + settings.aws_secret_access_key.get_secret_value().encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, string_to_sign.encode(), "sha256").hex()
    credential = "/".join([settings.aws_access_key_id, *scope])
    signed["Authorization"] = (
        f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    )
    return signed
