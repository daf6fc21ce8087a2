"""A registry and a bucket with a retrained champion, for the benchmark of cold starts.

The services answer as PostgREST and S3 do, through a proxy that is as far away and as fast as S3 is
from a function: 30 ms and 60 MB/s.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onnx

from infra.lambda_emulator import BackgroundLoop, WebServer
from infra.lambda_emulator.web import AsgiReceive, AsgiScope, AsgiSend, respond
from infra.local.faults import Fault, FaultProxy
from infra.local.paths import MODEL

S3_DISTANCE = Fault("slow", seconds=0.03, bytes_per_second=60_000_000)
_BUCKET = "models"
_RETRAINED = ("student.onnx", "student.head.onnx", "encoder.head.onnx")
"""The files that differ from the packaged ones after a retraining on another domain."""


class ChampionServices:
    """Answers the two requests of a starting function: for the champion, and for its files."""

    def __init__(self, folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        self.version: str = manifest["version"]
        content = json.dumps(manifest).encode()
        self._champion = {
            "version": self.version,
            "manifest_sha256": hashlib.sha256(content).hexdigest(),
            "object_version": None,
        }
        self._objects = {f"/{_BUCKET}/models/manifests/{self.version}.json": content}
        for name, info in manifest["files"].items():
            blob = f"/{_BUCKET}/models/blobs/{info['sha256']}"
            self._objects[blob] = (folder / name).read_bytes()

    async def __call__(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        path = scope["path"]
        if path.endswith("/rpc/serving_model"):
            await respond(send, 200, json.dumps([self._champion]).encode())
        elif path in self._objects:
            await respond(send, 200, self._objects[path])
        else:
            await respond(send, 503, b"{}")


@contextmanager
def serve_champion() -> Iterator[Mapping[str, str]]:
    """Serve a champion; return the environment variables of a function that finds it."""
    loop, web = BackgroundLoop(), WebServer()
    with tempfile.TemporaryDirectory() as folder:
        services = ChampionServices(_retrained_model(Path(folder) / "model"))
        url = f"http://127.0.0.1:{web.add(services)}"
        proxy = FaultProxy(Path(folder))
        bucket = proxy.add_route("models", url)
        loop.run(web.start())
        proxy.start()
        proxy.set_fault("models", S3_DISTANCE)
        try:
            yield {
                "SUPABASE_URL": url,
                "MODELS_BUCKET": _BUCKET,
                "AWS_ENDPOINT_URL_S3": bucket,
                "CHAMPION": services.version,
            }
        finally:
            proxy.stop()
            loop.run(web.stop())
            loop.close()


def _retrained_model(folder: Path) -> Path:
    """Copy the packaged model, with other bytes in the files that a retraining changes."""
    shutil.copytree(MODEL, folder)
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    for name in _RETRAINED:
        graph = onnx.load(folder / name)
        graph.producer_version = "retrained"
        content = graph.SerializeToString(deterministic=True)
        (folder / name).write_bytes(content)
        manifest["files"][name] = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
        }
    manifest["version"] = "retrained-1"
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder
