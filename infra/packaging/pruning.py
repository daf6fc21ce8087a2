"""Remove packages and files that no function loads, each with the reason."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from infra.packaging import PackagingError

_HUB = "tokenizers loads from a file, never from the Hugging Face hub"
_ONNX_CONVERSION = "onnxruntime's native library reads the models; its Python code converts them"
_HTTP2 = "no connection uses HTTP/2, and httpcore loads these where they are installed"
_HTTPX2 = "postgrest requires it but imports httpx; only Starlette's test client would use it"
_EXCLUDED_PACKAGES: Mapping[str, str] = {
    "click": "command-line interfaces of other packages",
    "filelock": _HUB,
    "flatbuffers": _ONNX_CONVERSION,
    "fsspec": _HUB,
    "h2": _HTTP2,
    "hf-xet": _HUB,
    "hpack": _HTTP2,
    "httpcore2": _HTTPX2,
    "httpx2": _HTTPX2,
    "huggingface-hub": _HUB,
    "hyperframe": _HTTP2,
    "protobuf": _ONNX_CONVERSION,
    "mpmath": _ONNX_CONVERSION,
    "pycparser": "cffi reads C headers with it when it compiles a module",
    "pyyaml": _HUB,
    "sympy": _ONNX_CONVERSION,
    "tqdm": _HUB,
    "truststore": _HTTPX2,
}
"""Distributions in a layer's lock file that the layer leaves out."""

_BUILD = "for compiling extensions"
_BUILD_MACHINE = "describes the machine that built the layer"
_CONVERSION = "for converting models"
_LAZY = "loaded on first use, and never used"
_OWN_EVENTS = "AWS events; the functions parse them with their own models"
_REGISTRY = "a registry that redaction does not read"
_TESTS = "tests"
_TYPES = "for type checkers"
_EXCLUDED_FILES: Mapping[str, str] = {
    "bin": "commands",
    "anyio/_backends/_trio.py": "for programs that run on Trio; the functions run on asyncio",
    "aws_lambda_powertools/event_handler": "a router; the functions use FastAPI's",
    "aws_lambda_powertools/utilities/data_classes": _OWN_EVENTS,
    "aws_lambda_powertools/utilities/idempotency": "needs a table; the prompt's id is enough",
    "aws_lambda_powertools/utilities/kafka": "an event source that is not used",
    "aws_lambda_powertools/utilities/parser": _OWN_EVENTS,
    "cffi": "cryptography needs only the native module `_cffi_backend`",
    "pydantic/v1": "the version 1 API, which FastAPI inspects where it is installed",
    "pydantic/mypy.py": _TYPES,
    "numpy/fft": _LAZY,
    "numpy/ma": _LAZY,
    "numpy/polynomial": _LAZY,
    "numpy/random": _LAZY,
    "numpy/testing": _TESTS,
    "numpy/typing/mypy_plugin.py": _TYPES,
    "**/*.pyi": _TYPES,
    "**/py.typed": _TYPES,
    "**/*.[ch]": _BUILD,
    "**/*.p[xy][dx]": _BUILD,
    "**/*.a": _BUILD,
    "**/tests": _TESTS,
    "*.dist-info/RECORD": "lists files that are removed",
    "*.dist-info/INSTALLER": _BUILD_MACHINE,
    "*.dist-info/REQUESTED": _BUILD_MACHINE,
    "*.dist-info/uv_cache.json": _BUILD_MACHINE,
    "*.dist-info/sboms": "the deployment's own SBOM lists the package",
    "onnxruntime/capi/libonnxruntime.so.*": "35 MB that the Python module does not link",
    "onnxruntime/backend": "for ONNX's own test suite",
    "onnxruntime/datasets": "examples",
    "onnxruntime/quantization": _CONVERSION,
    "onnxruntime/tools": _CONVERSION,
    "onnxruntime/transformers": _CONVERSION,
    "onnxruntime/ThirdPartyNotices.txt": "part of the wheel, which the SBOM lists",
    "numpy/_core/_*_tests.*.so": _TESTS,
    "numpy/_core/_simd.*.so": _TESTS,
    "numpy/_core/lib": _BUILD,
    "numpy/_pyinstaller": "for freezing programs into executables",
    "numpy/conftest.py": _TESTS,
    "numpy/f2py": "a Fortran interface generator",
    "multidict/_multidict_py.py": "for platforms without the compiled module",
    "multidict/_testcapi.*.so": _TESTS,
    "stdnum/at/postleitzahl.dat": _REGISTRY,
    "stdnum/cfi.dat": _REGISTRY,
    "stdnum/eu/nace*.dat": _REGISTRY,
    "stdnum/gs1_ai.dat": _REGISTRY,
    "stdnum/imsi.dat": _REGISTRY,
    "stdnum/isbn.dat": _REGISTRY,
    "stdnum/nz/banks.dat": _REGISTRY,
    "stdnum/oui.dat": _REGISTRY,
}
"""Glob patterns of files and folders inside packages."""

_KEPT_FOR_TRAINING = {
    "protobuf",  # onnx writes graphs with it
    "numpy/fft",
    "numpy/ma",
    "numpy/polynomial",
    "numpy/random",
    "numpy/f2py",  # scipy.sparse imports it
    "numpy/testing",  # scipy imports it
}
_EXAMPLES = "data sets and images for examples"
_EXCLUDED_FROM_TRAINING: Mapping[str, str] = {
    "google/protobuf/compiler": _CONVERSION,
    "onnx/backend": "for ONNX's own test suite",
    "onnx/bin": "commands",
    "onnx/test": _TESTS,
    "**/conftest.py": _TESTS,
    "**/*.cc": _BUILD,
    "**/*.cpp": _BUILD,
    "**/*.f90": _BUILD,
    "**/*.hpp": _BUILD,
    "**/*.proto": _BUILD,
    "scipy/_build_utils": _BUILD,
    "scipy/datasets": _EXAMPLES,
    "sklearn/datasets/data": _EXAMPLES,
    "sklearn/datasets/descr": _EXAMPLES,
    "sklearn/datasets/images": _EXAMPLES,
}


@dataclass(frozen=True)
class Exclusions:
    """What a layer leaves out: distributions of its lock file, and files inside packages."""

    packages: Mapping[str, str]
    files: Mapping[str, str]


SHARED = Exclusions(_EXCLUDED_PACKAGES, _EXCLUDED_FILES)
RETRAIN = Exclusions(
    {name: why for name, why in _EXCLUDED_PACKAGES.items() if name not in _KEPT_FOR_TRAINING},
    {name: why for name, why in _EXCLUDED_FILES.items() if name not in _KEPT_FOR_TRAINING}
    | dict(_EXCLUDED_FROM_TRAINING),
)


def remove_excluded_packages(folder: Path, exclusions: Exclusions) -> None:
    """Delete the excluded packages; raises `PackagingError` where one is not installed."""
    installed = {_normalise(one.name): one for one in distributions(path=[str(folder)])}
    for name in exclusions.packages:
        if name not in installed:
            raise PackagingError(
                f"{name} is no longer in the lock file: remove it from the excluded packages in "
                "infra/packaging/pruning.py."
            )
        _remove_distribution(folder, installed[name])


def prune_files(folder: Path, exclusions: Exclusions = SHARED) -> None:
    """Delete the excluded files, and folders that become empty."""
    for pattern in exclusions.files:
        for path in list(folder.glob(pattern)):
            _remove(path)
    remove_empty_folders(folder)


def _normalise(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _remove_distribution(folder: Path, distribution: Distribution) -> None:
    for file in distribution.files or []:
        _remove(folder / file)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def remove_empty_folders(folder: Path) -> None:
    """Delete the folders below a folder that contain nothing."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
