"""Requests to AWS have the same signature as with AWS's own client."""

import hashlib
from datetime import UTC, datetime
from unittest import mock
from urllib.parse import quote

import httpx
import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from prompt_capture.adapters.aws.requests import (
    AwsJsonService,
    UnsignedRequest,
    create_read_request,
    sign,
)
from prompt_capture.settings.aws import AwsSettings

_WORD = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0189", min_size=1, max_size=40)
_NAME = _WORD.map(lambda word: f"X-{word.lower()}")
_SECRET = st.text("abcXYZ019+/", min_size=1, max_size=40)
_VALUE = st.text(" abcXYZ019.-/;=", min_size=1, max_size=60).filter(str.strip)
_SETTINGS = st.builds(
    AwsSettings,
    aws_region=st.sampled_from(["eu-west-1", "us-gov-east-1", "cn-north-1"]),
    aws_access_key_id=_WORD,
    aws_secret_access_key=_SECRET,
    aws_session_token=st.none() | _SECRET,
)
_URLS = st.sampled_from(
    [
        "https://sqs.eu-west-1.amazonaws.com/",
        "https://ssm.eu-west-1.amazonaws.com",
        "http://127.0.0.1:4566/",
        "https://queue.example.com:8443/a/b",
    ]
)
_TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the bounds are naive


@given(_URLS, st.dictionaries(_NAME, _VALUE), st.binary(), _SETTINGS, _TIMES)
def test_the_signature_equals_that_of_botocore(
    url: str, headers: dict[str, str], body: bytes, settings: AwsSettings, now: datetime
) -> None:
    ours = sign(UnsignedRequest("POST", httpx.URL(url), headers, body), "sqs", settings, now)

    assert ours["Authorization"] == _sign_with_botocore(url, headers, body, settings, now)


def _sign_with_botocore(
    url: str, headers: dict[str, str], body: bytes, settings: AwsSettings, now: datetime
) -> str:
    token = settings.aws_session_token
    credentials = Credentials(
        settings.aws_access_key_id,
        settings.aws_secret_access_key.get_secret_value(),
        token.get_secret_value() if token else None,
    )
    request = AWSRequest("POST", url, dict(headers), body)
    with mock.patch.object(auth, "get_current_datetime", return_value=now):
        auth.SigV4Auth(credentials, "sqs", settings.aws_region).add_auth(request)
    authorization: str = request.headers["Authorization"]
    return authorization


# httpx leaves out the segments "." and "..", which no key of a model has.
_KEY = st.text(min_size=1).filter(lambda key: key not in {".", ".."})


@given(_KEY, st.none() | st.text(min_size=1), _SETTINGS)
def test_the_signature_of_a_read_equals_that_of_botocore(
    key: str, version: str | None, settings: AwsSettings
) -> None:
    query = f"?versionId={quote(version, safe='')}" if version else ""
    url = f"https://bucket.s3.eu-west-1.amazonaws.com/models/{quote(key, safe='')}{query}"

    request = create_read_request(httpx.URL(url), settings)

    now = datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%S%z")
    token = settings.aws_session_token
    credentials = Credentials(
        settings.aws_access_key_id,
        settings.aws_secret_access_key.get_secret_value(),
        token.get_secret_value() if token else None,
    )
    theirs = AWSRequest("GET", url, {"X-Amz-Content-Sha256": hashlib.sha256(b"").hexdigest()})
    with mock.patch.object(auth, "get_current_datetime", return_value=now):
        auth.S3SigV4Auth(credentials, "s3", settings.aws_region).add_auth(theirs)
    assert request.headers["Authorization"] == theirs.headers["Authorization"]


@pytest.mark.parametrize("token", [None, "a-token"])
def test_a_request_has_all_signed_headers(token: str | None) -> None:
    settings = AwsSettings.model_validate(
        {
            "aws_region": "eu-west-1",
            "aws_access_key_id": "access-key",
            "aws_secret_access_key": "secret",
            "aws_session_token": token,
        }
    )
    sqs = AwsJsonService("sqs", "AmazonSQS", "1.0", "https://sqs.eu-west-1.amazonaws.com", settings)

    request = sqs.create_request("SendMessage", {"MessageBody": "grüße"})

    assert request.headers["X-Amz-Target"] == "AmazonSQS.SendMessage"
    assert request.headers.get("X-Amz-Security-Token") == token
    signed = request.headers["Authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    assert set(signed) >= {"content-type", "host", "x-amz-date", "x-amz-target"}
    assert set(signed) <= set(request.headers)
    assert request.headers["Host"] == "sqs.eu-west-1.amazonaws.com"
