"""`python -m infra.packaging.cold`: how long functions take to start, as ratios in one run.

The yardstick is a naive handler with valid byte code, which makes its clients when it is imported.
"""

import argparse
import re
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import track

from infra.packaging import bytecode
from infra.packaging.build import build, layer_folder
from infra.packaging.functions import function_folder
from infra.packaging.mounted import MountedFunction
from infra.packaging.targets import X86_64
from infra.packaging.wheels import naive_wheels

GOAL = 0.45
NAIVE, OURS = "naive: supabase, fastapi, boto3, clients at import", "classify-and-log, as packaged"
_END = "\n\ndef handler(event, context):\n    return None\n"
_NAIVE = """import boto3, fastapi, mangum, supabase
client = supabase.create_client("http://127.0.0.1:9", "sb_secret_of_nobody")
s3 = boto3.client("s3")
app = fastapi.FastAPI()
mangum.Mangum(app, lifespan="off")
"""
_QUICKLY = """
import gc, os
gc.disable()
os.environ["OPENBLAS_NUM_THREADS"] = "1"
"""
_MODEL = """
from pathlib import Path
from prompt_capture.adapters.model_artifact import ModelArtifact
from prompt_capture.adapters.onnx_classifier import OnnxClassifier
OnnxClassifier(ModelArtifact.load(Path(os.environ["MODEL_DIR"]), is_packaged=True))
"""
_ALL = "import prompt_capture.cold_start, mangum, postgrest, onnxruntime, tokenizers"
_STEPS = {
    "  the runtime alone": "",
    "  FastAPI and Mangum, as they come": "import fastapi, mangum",
    "  FastAPI and Mangum": "import prompt_capture.cold_start, mangum",
    "  httpx and postgrest": _QUICKLY + "import httpx, postgrest",
    "  onnxruntime, tokenizers, numpy": _QUICKLY + "import onnxruntime, tokenizers, numpy",
    "  all of these": _ALL,
    "  the model, with its packages": _QUICKLY + _MODEL,
    "  tokens: PyJWT and cryptography": _QUICKLY + "import jwt.algorithms",
    "  redaction: phonenumbers and stdnum": _QUICKLY + "import prompt_capture.domain.redaction",
    "  trusted certificates": _QUICKLY + "import httpx; httpx.create_ssl_context()",
    "  metrics: powertools": _QUICKLY + "import aws_lambda_powertools.metrics",
}
_SETTINGS = {
    "SUPABASE_URL": "http://127.0.0.1:9",
    "SUPABASE_SIGNING_KEY": "a-signing-key-of-nobody-at-all-32",
    "SPOOL_QUEUE_URL": "http://127.0.0.1:9/1/spool",
    "MODEL_DIR": "/opt/model_artifacts/assistant",
    "RULES_FILE": "/opt/model_artifacts/rules.toml",
}
_INITIALISED = re.compile(r"INIT REPORT\(durationMs: ([0-9.]+)\)")


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    build()
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(_table(_measured(_variants(Path(folder)), rounds)))


def _variants(folder: Path) -> Mapping[str, tuple[Path, Path]]:
    layer = layer_folder(X86_64)
    steps = {name: (_task(folder, name, code), layer) for name, code in _STEPS.items()}
    naive = (_task(folder, "naive", _NAIVE), naive_wheels())
    return {NAIVE: naive, OURS: (function_folder("classify-and-log", X86_64), layer), **steps}


def _task(folder: Path, name: str, code: str) -> Path:
    task = folder / re.sub(r"\W+", "-", name)
    task.mkdir()
    (task / "handler.py").write_text(code + _END)
    bytecode.compile_all(task, "/var/task")
    return task


def _measured(variants: Mapping[str, tuple[Path, Path]], rounds: int) -> Mapping[str, list[float]]:
    """Start each by turns, so that a noisy neighbour is everybody's; the first is left out."""
    found: dict[str, list[float]] = {name: [] for name in variants}
    for turn in track(range(rounds + 1), "by turns", console=Console(stderr=True), transient=True):
        for name, (task, layer) in variants.items():
            took = _start(task, layer)
            if turn:
                found[name].append(took)
    return found


def _start(task: Path, layer: Path) -> float:
    function = MountedFunction(task, layer, _SETTINGS, seconds=30)
    with function:
        function.invoke({})
    reported = _INITIALISED.search(function.log)
    if reported is None:
        raise RuntimeError(f"{task.name} did not start:\n{function.log[-2000:]}")
    return float(reported[1])


def _table(found: Mapping[str, list[float]]) -> str:
    yardstick = statistics.median(found[NAIVE])
    lines = [f"{'':52}{'ratio':>7}{'ms':>8}"]
    for name, times in found.items():
        middle = statistics.median(times)
        lines.append(f"{name:52}{middle / yardstick:7.2f}{middle:8.0f}")
    ratio = statistics.median(found[OURS]) / yardstick
    verdict = "kept" if ratio <= GOAL else "missed"
    return "\n".join([*lines, f"Goal for ours: {GOAL}, {verdict}."]) + "\n"


main()
