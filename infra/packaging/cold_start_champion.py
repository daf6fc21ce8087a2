"""A registry and a bucket with a retrained champion, for the benchmark of cold starts.

The services answer as PostgREST and S3 do, through a proxy that is as far away and as fast as S3 is
from a function: 30 ms and 60 MB/s.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from infra.lambda_emulator import BackgroundLoop, WebServer
from infra.lambda_emulator.web import AsgiReceive, AsgiScope, AsgiSend, respond
from infra.local.faults import Fault, FaultProxy
from infra.local.model_variants import NEW_STUDENT, write_variant
from prompt_capture.domain.models import blob_key, manifest_key

S3_DISTANCE = Fault("slow", seconds=0.03, bytes_per_second=60_000_000)
_BUCKET = "models"


class ChampionServices:
    """Answers the two requests of a starting function: for the champion, and for its files.

    `environment` has the variables with which a function finds them.
    """

    environment: Mapping[str, str]

    def __init__(self, folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        self.version: str = manifest["version"]
        content = json.dumps(manifest).encode()
        self._champion = {
            "version": self.version,
            "manifest_sha256": hashlib.sha256(content).hexdigest(),
            "object_version": None,
        }
        self._objects = {f"/{_BUCKET}/{manifest_key(self.version)}": content}
        for name, info in manifest["files"].items():
            self._objects[f"/{_BUCKET}/{blob_key(info['sha256'])}"] = (folder / name).read_bytes()

    async def __call__(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        path = scope["path"]
        if path.endswith("/rpc/serving_model"):
            await respond(send, 200, json.dumps(self._champion).encode())
        elif path in self._objects:
            await respond(send, 200, self._objects[path])
        else:
            await respond(send, 503, b"{}")


@contextmanager
def serve_champion() -> Iterator[ChampionServices]:
    """Serve a champion in place of a Supabase project and of S3."""
    loop, web = BackgroundLoop(), WebServer()
    with tempfile.TemporaryDirectory() as folder:
        services = ChampionServices(
            write_variant(Path(folder) / "model", "retrained-1", NEW_STUDENT)
        )
        url = f"http://127.0.0.1:{web.add(services)}"
        proxy = FaultProxy(Path(folder))
        bucket = proxy.add_route("models", url)
        loop.run(web.start())
        proxy.start()
        proxy.set_fault("models", S3_DISTANCE)
        try:
            services.environment = {
                "SUPABASE_URL": url,
                "MODELS_BUCKET": _BUCKET,
                "AWS_ENDPOINT_URL_S3": bucket,
            }
            yield services
        finally:
            proxy.stop()
            loop.run(web.stop())
            loop.close()
