"""Signed requests to AWS (Signature Version 4), without the AWS client.

Importing botocore's signer adds 60 to 100 ms to a cold start (docs/decisions/0008). The method:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx

from prompt_capture.settings.aws import AwsSettings

_ALGORITHM = "AWS4-HMAC-SHA256"
_EMPTY_BODY_SHA256 = hashlib.sha256(b"").hexdigest()


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
        unsigned = UnsignedRequest("POST", url, headers, body)
        signed = sign(unsigned, self.name, self.settings, datetime.now(UTC))
        return httpx.Request("POST", url, headers=signed, content=body)


def create_read_request(url: httpx.URL, settings: AwsSettings) -> httpx.Request:
    """Return a signed request to S3 for an object.

    The path and the query of `url` are percent-encoded as RFC 3986 says, the query in order.
    """
    headers = {"X-Amz-Content-Sha256": _EMPTY_BODY_SHA256}
    unsigned = UnsignedRequest("GET", url, headers, b"")
    signed = sign(unsigned, "s3", settings, datetime.now(UTC))
    return httpx.Request("GET", url, headers=signed)


class UnsignedRequest(NamedTuple):
    """What a signature covers."""

    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    body: bytes


def sign(
    request: UnsignedRequest, service: str, settings: AwsSettings, now: datetime
) -> dict[str, str]:
    """Return the headers of a request together with its signature. `now` is in UTC."""
    method, url, headers, body = request
    signed = dict(headers) | {"X-Amz-Date": now.strftime("%Y%m%dT%H%M%SZ")}
    if settings.aws_session_token:
        signed["X-Amz-Security-Token"] = settings.aws_session_token.get_secret_value()
    canonical = {name.lower(): " ".join(value.split()) for name, value in signed.items()}
    canonical = dict(sorted({**canonical, "host": url.netloc.decode()}.items()))
    names = ";".join(canonical)
    canonical_request = "\n".join(
        [
            method,
            url.raw_path.split(b"?")[0].decode(),
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
