"""A service over HTTP or TLS that answers each message with the message itself as its intent."""

import json
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

RESPONSE_SECONDS = 0.01
"""Long enough for the requests of several processes to overlap."""


@dataclass
class EchoService:
    """What the service received: messages by connection, and all idempotency keys."""

    url: str = ""
    messages: dict[tuple[str, int], list[str]] = field(default_factory=lambda: defaultdict(list))
    idempotency_keys: list[str] = field(default_factory=list)


@contextmanager
def run_echo_service(certificate: Path | None = None) -> Iterator[EchoService]:
    """Run the service on a free loopback port, over TLS with a certificate."""
    service = EchoService()

    class EchoHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            message = json.loads(body)["message"]
            service.messages[self.client_address].append(message)
            service.idempotency_keys.append(self.headers["idempotency-key"])
            time.sleep(RESPONSE_SECONDS)
            answer = {"log_id": None, "intent": message, "confidence": 1, "captured": "skipped"}
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Log nothing."""

    class EchoServer(ThreadingHTTPServer):
        request_queue_size = 100

        def handle_error(self, request: object, client_address: object) -> None:
            """Report nothing: a client may end its connection."""

    server = EchoServer(("127.0.0.1", 0), EchoHandler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        # Each connection has its handshake in its own thread: a slow one does not delay others.
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    service.url = f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}/v1/classify"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def write_certificate(file: Path) -> None:
    """Write a self-signed certificate for 127.0.0.1, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(pem)
    )
