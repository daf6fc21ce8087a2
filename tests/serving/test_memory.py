"""Champion, challenger and a model that loads fit into a function's memory together."""

import subprocess
import sys
from pathlib import Path

from infra.local.model_variants import write_variant

FUNCTION_MEGABYTES = 512
_SCRIPT = """
import sys
from pathlib import Path
from prompt_capture.bootstrap import callers, capture
from prompt_capture.bootstrap.models import model_artifact, open_model
from prompt_capture.api import app, classify, lambda_handler
from prompt_capture.adapters.supabase import prompt_store
from prompt_capture.settings.classification import ClassifierSettings

models = []
for folder in sys.argv[1:]:
    settings = ClassifierSettings(model_dir=Path(folder))
    models.append(open_model(settings, model_artifact(settings)))
    models[-1].detector.detect("word " * 800)
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
print(int(peak.split()[1]) / 1024)
"""
ALL_GRAPHS = ("student.onnx", "student.head.onnx", "encoder.onnx", "encoder.head.onnx")


def test_four_models_without_a_file_in_common_fit_into_the_memory(tmp_path: Path) -> None:
    """Lambda counts the memory of the process. The packaged model is the fourth one."""
    folders = [
        write_variant(tmp_path / name, f"{name}-1", ALL_GRAPHS)
        for name in ("packaged", "champion", "challenger", "loading")
    ]

    output = subprocess.run(
        [sys.executable, "-c", _SCRIPT, *map(str, folders)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert float(output) < FUNCTION_MEGABYTES
