"""A server of queues and topics on loopback: a moto process.

It has the spool with its dead-letter queue, and the topic of the retraining, whose notifications
arrive in a queue.
"""

import json
import os
import sys
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from mypy_boto3_sqs import SQSClient

from infra.lambda_emulator import ACCOUNT_ID, REGION
from infra.local.paths import ROOT
from infra.local.processes import ChildProcess, free_port

QUEUE, DEAD_LETTERS = "prompt-spool", "prompt-spool-dead-letters"
RETRAINING_TOPIC, NOTIFICATIONS = "retraining", "retraining-notifications"
VISIBILITY_SECONDS = 1
"""Much less than in a deployment, so that a failed message is retried quickly."""
MAX_RECEIVES = 60
RETENTION_SECONDS = 14 * 86_400


class SqsServer:
    """Starts and stops the server; it keeps messages in memory and accepts any credentials."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self.endpoint = f"http://127.0.0.1:{self._port}"
        self.queue_url = f"{self.endpoint}/{ACCOUNT_ID}/{QUEUE}"
        self.dead_letters_url = f"{self.endpoint}/{ACCOUNT_ID}/{DEAD_LETTERS}"
        self.retraining_topic = f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:{RETRAINING_TOPIC}"
        self.notifications_url = f"{self.endpoint}/{ACCOUNT_ID}/{NOTIFICATIONS}"
        self._process: ChildProcess | None = None

    def start(self) -> None:
        """Start the server and return when all of it exists; raise `ServiceFailed`."""
        address = ["-H", "127.0.0.1", "-p", str(self._port)]
        command = [sys.executable, "-m", "infra.local.moto_sqs", *address]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "PYTHONPATH": str(ROOT),
        }
        self._process = ChildProcess("sqs", command, environment, self._folder)
        client = self.client()
        self._process.wait_until(lambda: _create_queues(client))
        self._create_topic(client)

    def _create_topic(self, queues: SQSClient) -> None:
        queues.create_queue(QueueName=NOTIFICATIONS)
        topics = boto3.client(
            "sns",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - not a secret
            config=Config(proxies={}),
        )
        topics.create_topic(Name=RETRAINING_TOPIC)
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{NOTIFICATIONS}"
        topics.subscribe(TopicArn=self.retraining_topic, Protocol="sqs", Endpoint=queue)

    def client(self) -> SQSClient:
        """Return a client of the server."""
        return boto3.client(
            "sqs",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - not a secret
            config=Config(
                retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=10, proxies={}
            ),
        )

    def stop(self) -> None:
        """Stop the server; safe to call twice."""
        if self._process is not None:
            self._process.stop()


def _create_queues(client: SQSClient) -> bool:
    """Create both queues; return false if the server is not ready yet."""
    retention = str(RETENTION_SECONDS)
    redrive = {
        "deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{DEAD_LETTERS}",
        "maxReceiveCount": MAX_RECEIVES,
    }
    shared = {"MessageRetentionPeriod": retention, "SqsManagedSseEnabled": "true"}
    try:
        client.create_queue(QueueName=DEAD_LETTERS, Attributes=shared)  # type: ignore[arg-type]
        client.create_queue(
            QueueName=QUEUE,
            Attributes=shared  # type: ignore[arg-type]
            | {"VisibilityTimeout": str(VISIBILITY_SECONDS), "RedrivePolicy": json.dumps(redrive)},
        )
    except (BotoCoreError, ClientError):
        return False
    return True
