"""Requests of AWS's JSON protocol, signed (version 4), without the AWS client.

Importing botocore's signer costs a cold start 60 to 100 ms (docs/decisions/0008). Method:
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
class JsonService:
    """One of AWS's services: `name` as signatures have it, `target` before each of its actions."""

    name: str
    target: str
    version: str
    endpoint: str
    settings: AwsSettings

    def request(self, action: str, told: Mapping[str, Any]) -> httpx.Request:
        """Make the signed request for an action; it is good for five minutes."""
        body = json.dumps(told).encode()
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
    """Answer the headers of a POST with those that sign all of it; `now` is in UTC."""
    signed = dict(headers) | {"X-Amz-Date": now.strftime("%Y%m%dT%H%M%SZ")}
    if settings.aws_session_token:
        signed["X-Amz-Security-Token"] = settings.aws_session_token.get_secret_value()
    all_of_it = {name.lower(): " ".join(value.split()) for name, value in signed.items()}
    all_of_it = dict(sorted({**all_of_it, "host": url.netloc.decode()}.items()))
    names = ";".join(all_of_it)
    request = "\n".join(
        [
            "POST",
            url.path,
            url.query.decode(),
            *(f"{name}:{value}" for name, value in all_of_it.items()),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = [now.strftime("%Y%m%d"), settings.aws_region, service, "aws4_request"]
    to_sign = "\n".join(
        [
            _ALGORITHM,
            signed["X-Amz-Date"],
            "/".join(scope),
            hashlib.sha256(request.encode()).hexdigest(),
        ]
    )
    key = b"AWS4" + settings.aws_secret_access_key.get_secret_value().encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = "/".join([settings.aws_access_key_id, *scope])
    signed["Authorization"] = (
        f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    )
    return signed
