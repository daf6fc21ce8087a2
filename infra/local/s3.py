"""An S3 server on loopback: SeaweedFS with one access key and one bucket."""

import json
import os
import secrets
import signal
import sys
from pathlib import Path

import boto3
import httpx
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from mypy_boto3_s3 import S3Client

from infra.lambda_emulator import REGION
from infra.local.processes import ChildProcess, free_port
from infra.local.stack_lock import record_external_files

_COMPONENTS = ("master", "volume", "filer", "s3", "admin")


class S3Server:
    """Starts and stops the server.

    Clients need its `endpoint`, `access_key`, `secret_key` and `bucket`.
    """

    def __init__(self, folder: Path, bucket: str) -> None:
        self._folder, self.bucket = folder, bucket
        self._ports = {name: (free_port(), free_port()) for name in _COMPONENTS}
        self.endpoint = f"http://127.0.0.1:{self._ports['s3'][0]}"
        self.access_key = f"AKIALOCAL{secrets.token_hex(6).upper()}"
        self.secret_key = secrets.token_urlsafe(30)
        self._process: ChildProcess | None = None

    def start(self) -> None:
        """Start the server and return when the bucket exists; raise `ServiceFailed`."""
        data = self._folder / "s3"
        data.mkdir()
        record_external_files(self._folder, self._sockets())
        identities = data / "identities.json"
        identities.write_text(json.dumps(self._identities()))
        self._process = ChildProcess(
            "s3",
            [_binary(), "-logtostderr=true", "mini", *self._flags(data, identities)],
            {"PATH": os.environ["PATH"], "WEED_S3_SSE_KEK": secrets.token_hex(32)},
            self._folder,
            # A graceful stop takes seconds to save data that is deleted anyway.
            stop_signal=signal.SIGKILL,
        )
        self._process.wait_until(self._is_listening)
        client = self.client()
        self._process.wait_until(lambda: self._create_bucket(client))

    def client(self) -> S3Client:
        """Return a client with the stack's credentials."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(
                retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=10, proxies={}
            ),
        )

    def _is_listening(self) -> bool:
        try:
            httpx.get(self.endpoint, trust_env=False)
        except httpx.TransportError:
            return False
        return True

    def _create_bucket(self, client: S3Client) -> bool:
        """Create and configure the bucket; return false if the server is not ready yet."""
        try:
            client.create_bucket(
                Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
            )
            client.put_bucket_versioning(
                Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"}
            )
            client.put_bucket_encryption(
                Bucket=self.bucket,
                ServerSideEncryptionConfiguration={
                    "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
                },
            )
        except (BotoCoreError, ClientError):
            return False
        return True

    def _flags(self, data: Path, identities: Path) -> list[str]:
        flags = [f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-s3.config={identities}"]
        for name, (port, grpc_port) in self._ports.items():
            flags += [f"-{name}.port={port}", f"-{name}.port.grpc={grpc_port}"]
        # Relative to the folder that the server runs in: a path has 107 bytes at most.
        sockets = data.relative_to(self._folder)
        flags += [f"-{name}.localSocket={sockets / name}.sock" for name in ("filer", "s3")]
        # Disable unused services and telemetry.
        flags += ["-admin.ui=false", "-webdav=false", "-s3.port.iceberg=0", "-s3.port.lance=0"]
        return [*flags, "-master.telemetry=false"]

    def _sockets(self) -> list[Path]:
        """Return the sockets between the components; SeaweedFS always creates them in /tmp."""
        ports = [(name, grpc_port) for name, (_, grpc_port) in self._ports.items()]
        return [Path(f"/tmp/seaweedfs-{name}-grpc-{port}.sock") for name, port in ports]  # noqa: S108

    def _identities(self) -> object:
        credentials = [{"accessKey": self.access_key, "secretKey": self.secret_key}]
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        return {"identities": [{"name": "local", "credentials": credentials, "actions": actions}]}

    def stop(self) -> None:
        """Stop the server; safe to call twice."""
        if self._process is not None:
            self._process.stop()


def _binary() -> Path:
    return Path(sys.executable).parent / "weed"
