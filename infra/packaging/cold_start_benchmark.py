"""`make bench NAME=cold`: cold start times, relative to a baseline.

The baseline is a plain handler with valid bytecode that creates its clients at import. All variants
are measured in one run, interleaved.
"""

import argparse
import hashlib
import json
import re
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import track

from infra.packaging.archives import compile_all
from infra.packaging.build import build
from infra.packaging.cold_start_champion import ChampionServices, serve_champion
from infra.packaging.emulator import EmulatedFunction
from infra.packaging.paths import function_folder, layer_folder
from infra.packaging.targets import X86_64
from infra.packaging.wheels import install_baseline_layer

MAX_RATIO = 0.45
MAX_CHAMPION_RATIO = 0.15
"""What a champion in S3 may add to the start of the packaged function."""

MIN_CHAMPION_SHARE = 0.99
"""The share of the first messages of new instances that the champion answers."""

BASELINE = "baseline: supabase, fastapi, boto3, clients at import"
PACKAGED = "classify-and-log, as packaged"
CHAMPION = "classify-and-log, with a champion in S3"
_HANDLER = "\n\ndef handler(event, context):\n    return None\n"
_BASELINE_CODE = """import boto3, fastapi, mangum, supabase
client = supabase.create_client("http://127.0.0.1:9", "sb_secret_unused")
s3 = boto3.client("s3")
app = fastapi.FastAPI()
mangum.Mangum(app, lifespan="off")
"""
_START_SETTINGS = """
import gc, os
gc.disable()
os.environ["OPENBLAS_NUM_THREADS"] = "1"
"""
_LOAD_MODEL = """
from pathlib import Path
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from prompt_capture.adapters.onnx.classifier import OnnxClassifier
OnnxClassifier(ModelArtifact.load(Path(os.environ["MODEL_DIR"]), is_packaged=True))
"""
_IMPORT_ALL = "import prompt_capture.cold_start, mangum, postgrest, onnxruntime, tokenizers"
_STEPS = {
    "  the runtime alone": "",
    "  FastAPI and Mangum, unmodified": "import fastapi, mangum",
    "  FastAPI and Mangum": "import prompt_capture.cold_start, mangum",
    "  httpx and postgrest": _START_SETTINGS + "import httpx, postgrest",
    "  onnxruntime, tokenizers, numpy": (_START_SETTINGS + "import onnxruntime, tokenizers, numpy"),
    "  all of these": _IMPORT_ALL,
    "  the model, with its packages": _START_SETTINGS + _LOAD_MODEL,
    "  tokens: PyJWT and cryptography": _START_SETTINGS + "import jwt.algorithms",
    "  redaction: phonenumbers and stdnum": (
        _START_SETTINGS + "import prompt_capture.domain.redaction"
    ),
    "  trusted certificates": _START_SETTINGS + "import httpx; httpx.create_ssl_context()",
    "  metrics: powertools": _START_SETTINGS + "import aws_lambda_powertools.metrics",
}
_API_KEY = "pk_benchmark"
_ENVIRONMENT = {
    "SUPABASE_URL": "http://127.0.0.1:9",
    "SUPABASE_SIGNING_KEY": "an-unused-signing-key-of-32-bytes",
    "SPOOL_QUEUE_URL": "http://127.0.0.1:9/1/spool",
    "API_KEY_HASHES": hashlib.sha256(_API_KEY.encode()).hexdigest(),
    "MODEL_DIR": "/opt/model_artifacts/assistant",
    "RULES_FILE": "/opt/model_artifacts/rules.toml",
}
_FIRST_MESSAGE = {
    "version": "2.0",
    "rawPath": "/v1/classify",
    "rawQueryString": "",
    "headers": {"x-api-key": _API_KEY, "content-type": "application/json"},
    "requestContext": {"http": {"method": "POST", "path": "/v1/classify", "sourceIp": "127.0.0.1"}},
    "body": json.dumps({"message": "move my meeting to friday", "capture": False}),
    "isBase64Encoded": False,
}
_INIT_REPORT = re.compile(r"INIT REPORT\(durationMs: ([0-9.]+)\)")


def main() -> None:
    """Measure all variants and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="measured starts of each variant")
    parser.add_argument(
        "--starts", type=int, default=100, help="starts whose first message the champion answers"
    )
    arguments = parser.parse_args()
    build()
    with tempfile.TemporaryDirectory() as folder, serve_champion() as services:
        starts, variants = Starts(services), _variants(Path(folder))
        durations = _measure(variants, starts, arguments.rounds)
        sys.stdout.write(_table(durations))
        starts.repeat(CHAMPION, *variants[CHAMPION], arguments.starts)
    sys.stdout.write(starts.describe())


def _variants(folder: Path) -> Mapping[str, tuple[Path, Path]]:
    layer = layer_folder(X86_64)
    steps = {name: (_write_task(folder, name, code), layer) for name, code in _STEPS.items()}
    baseline = (_write_task(folder, "baseline", _BASELINE_CODE), install_baseline_layer())
    packaged = (function_folder("classify-and-log", X86_64), layer)
    return {BASELINE: baseline, PACKAGED: packaged, CHAMPION: packaged, **steps}


def _write_task(folder: Path, name: str, code: str) -> Path:
    task = folder / re.sub(r"\W+", "-", name)
    task.mkdir()
    (task / "handler.py").write_text(code + _HANDLER)
    compile_all(task, "/var/task")
    return task


class Starts:
    """Starts functions, and counts by which model the first message was answered."""

    def __init__(self, champion_services: ChampionServices) -> None:
        self._champion = champion_services
        self._answered: Counter[str] = Counter()

    def start(self, variant: str, task: Path, layer: Path) -> float:
        """Return the milliseconds that the emulator reports for a start."""
        has_champion = variant == CHAMPION
        variables = self._champion.environment if has_champion else {}
        function = EmulatedFunction(task, layer, {**_ENVIRONMENT, **variables}, seconds=30)
        with function:
            answer = function.invoke(_FIRST_MESSAGE if has_champion else {})
        if has_champion:
            self._answered[json.loads(answer["body"])["model_version"]] += 1
        report = _INIT_REPORT.search(function.log)
        if report is None:
            raise RuntimeError(f"{task.name} did not start:\n{function.log[-2000:]}")
        return float(report[1])

    def repeat(self, variant: str, task: Path, layer: Path, count: int) -> None:
        """Start a function until `count` first messages were answered."""
        missing = range(count - self._answered.total())
        for _ in track(missing, "starts", console=Console(stderr=True), transient=True):
            self.start(variant, task, layer)

    def describe(self) -> str:
        """Return how many first messages the champion answered."""
        answered, total = self._answered[self._champion.version], self._answered.total()
        share = answered / total
        return (
            f"The champion answered {answered} of {total} first messages ({share:.1%}). "
            f"Target: {MIN_CHAMPION_SHARE:.0%} "
            f"({'reached' if share >= MIN_CHAMPION_SHARE else 'missed'}).\n"
        )


def _measure(
    variants: Mapping[str, tuple[Path, Path]], starts: Starts, rounds: int
) -> Mapping[str, list[float]]:
    """Interleave the variants, so that load affects all alike; the first round is a warm-up."""
    durations: dict[str, list[float]] = {name: [] for name in variants}
    console = Console(stderr=True)
    for turn in track(range(rounds + 1), "rounds", console=console, transient=True):
        for name, (task, layer) in variants.items():
            duration = starts.start(name, task, layer)
            if turn:
                durations[name].append(duration)
    return durations


def _table(durations: Mapping[str, list[float]]) -> str:
    baseline = statistics.median(durations[BASELINE])
    lines = [f"{'median start':54}{'ratio':>7}{'ms':>8}"]
    for name, times in durations.items():
        median = statistics.median(times)
        lines.append(f"{name:54}{median / baseline:7.2f}{median:8.0f}")
    ratio = statistics.median(durations[PACKAGED]) / baseline
    added = (
        statistics.median(durations[CHAMPION]) - statistics.median(durations[PACKAGED])
    ) / baseline
    return "\n".join(
        [
            *lines,
            f"Target ratio as packaged: {MAX_RATIO} ({_verdict(ratio, MAX_RATIO)}).",
            (
                f"A champion adds {added:.2f}. Target: {MAX_CHAMPION_RATIO} "
                f"({_verdict(added, MAX_CHAMPION_RATIO)})."
            ),
            "",
        ]
    )


def _verdict(ratio: float, most: float) -> str:
    return "reached" if ratio <= most else "missed"


if __name__ == "__main__":
    main()
