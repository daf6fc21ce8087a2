"""The spool as an SQS queue, without the AWS client: one signed request over a warm connection.

Making the client costs twice as much at start as what is needed of it here (docs/decisions/0008).
"""

import json

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from prompt_capture.domain.errors import SpoolUnavailable
from prompt_capture.domain.spool import SpooledPrompt
from prompt_capture.settings import SpoolSettings

_HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "AmazonSQS.SendMessage",
}


class SqsSpool:
    """Sends to one queue; a deadline is the caller's."""

    def __init__(self, client: httpx.AsyncClient, settings: SpoolSettings) -> None:
        self._client = client
        self._queue_url = settings.spool_queue_url
        self._endpoint = settings.endpoint
        token = settings.aws_session_token
        self._signer = SigV4Auth(
            Credentials(
                settings.aws_access_key_id,
                settings.aws_secret_access_key.get_secret_value(),
                token.get_secret_value() if token else None,
            ),
            "sqs",
            settings.aws_region,
        )

    async def put(self, prompt: SpooledPrompt) -> None:
        body = {"QueueUrl": self._queue_url, "MessageBody": prompt.model_dump_json()}
        request = AWSRequest("POST", self._endpoint, dict(_HEADERS), json.dumps(body).encode())
        self._signer.add_auth(request)
        try:
            answer = await self._client.post(
                self._endpoint, content=request.data, headers=dict(request.headers.items())
            )
        except httpx.HTTPError as error:
            raise SpoolUnavailable(f"The queue did not answer ({type(error).__name__}).") from None
        if not answer.is_success:
            raise SpoolUnavailable(f"The queue refused the message (status {answer.status_code}).")
