"""Take out of packages what no function ever loads; each with its reason."""

import shutil
from collections.abc import Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path

from infra.packaging.failures import PackageRefused

_HUB = "tokenizers loads from a file, never from the hub"
_ONNX_FILES = "onnxruntime reads its files itself; its Python side of it is for conversions"
_HTTP2 = "no connection of ours speaks HTTP/2, and httpcore looks whether it could"
_HTTPX2 = "postgrest names it and imports httpx; only Starlette's test client would use it"
LEFT_OUT: Mapping[str, str] = {
    "click": "commands of other packages",
    "filelock": _HUB,
    "flatbuffers": _ONNX_FILES,
    "fsspec": _HUB,
    "h2": _HTTP2,
    "hf-xet": _HUB,
    "hpack": _HTTP2,
    "httpcore2": _HTTPX2,
    "httpx2": _HTTPX2,
    "huggingface-hub": _HUB,
    "hyperframe": _HTTP2,
    "protobuf": _ONNX_FILES,
    "mpmath": _ONNX_FILES,
    "pycparser": "cffi reads C headers with it, when a module is compiled",
    "pyyaml": _HUB,
    "sympy": _ONNX_FILES,
    "tqdm": _HUB,
    "truststore": _HTTPX2,
}
"""Distributions that the lock file names and the layer does not carry."""

_REGISTER = "a register that redaction does not look into"
_PATTERNS: Mapping[str, str] = {
    "bin": "commands",
    "aws_lambda_powertools/event_handler": "a router; ours are FastAPI's",
    "aws_lambda_powertools/utilities/data_classes": "of events; ours are read by our own models",
    "aws_lambda_powertools/utilities/idempotency": "needs a table; ours is the prompt's own id",
    "aws_lambda_powertools/utilities/kafka": "another trigger",
    "aws_lambda_powertools/utilities/parser": "of events; ours are read by our own models",
    "cffi": "cryptography needs the native part alone, which lies beside it",
    "pydantic/v1": "models of ten years ago, which FastAPI asks about where they are there",
    "pydantic/mypy.py": "for type checkers",
    "numpy/fft": "loaded when asked for, and never asked for",
    "numpy/ma": "loaded when asked for, and never asked for",
    "numpy/polynomial": "loaded when asked for, and never asked for",
    "numpy/random": "loaded when asked for, and never asked for",
    "numpy/testing": "tests",
    "numpy/typing/mypy_plugin.py": "for type checkers",
    "**/*.pyi": "for type checkers",
    "**/py.typed": "for type checkers",
    "**/*.[ch]": "to compile against",
    "**/*.p[xy][dx]": "to compile against",
    "**/*.a": "to compile against",
    "**/tests": "tests of the packages themselves",
    "*.dist-info/RECORD": "tells of files that are gone",
    "*.dist-info/INSTALLER": "tells of the machine that built",
    "*.dist-info/REQUESTED": "tells of the machine that built",
    "*.dist-info/uv_cache.json": "tells of the machine that built",
    "*.dist-info/sboms": "our own bill of materials names the package",
    "onnxruntime/capi/libonnxruntime.so.*": "35 MB that the Python module does not link",
    "onnxruntime/backend": "for ONNX's own test suite",
    "onnxruntime/datasets": "examples",
    "onnxruntime/quantization": "for making models",
    "onnxruntime/tools": "for making models",
    "onnxruntime/transformers": "for making models",
    "onnxruntime/ThirdPartyNotices.txt": "in the wheel, which the bill of materials names",
    "numpy/_core/_*_tests.*.so": "tests",
    "numpy/_core/_simd.*.so": "tests",
    "numpy/_core/lib": "to compile against",
    "numpy/_pyinstaller": "for freezing programs",
    "numpy/conftest.py": "tests",
    "numpy/f2py": "a Fortran compiler's front end",
    "multidict/_testcapi.*.so": "tests",
    "stdnum/at/postleitzahl.dat": _REGISTER,
    "stdnum/eu/nace*.dat": _REGISTER,
    "stdnum/imsi.dat": _REGISTER,
    "stdnum/nz/banks.dat": _REGISTER,
    "stdnum/oui.dat": _REGISTER,
}


def leave_out(folder: Path) -> None:
    """Delete the packages that the layer lacks; raises `PackageRefused` when one is not there."""
    found = {_normal(one.name): one for one in distributions(path=[str(folder)])}
    for name in LEFT_OUT:
        if name not in found:
            raise PackageRefused(f"{name} is no longer in the lock file: strike it off LEFT_OUT.")
        _remove_distribution(folder, found[name])


def slim(folder: Path) -> None:
    """Delete the files that nothing loads."""
    for pattern in _PATTERNS:
        for path in list(folder.glob(pattern)):
            _remove(path)
    _remove_empty_folders(folder)


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _remove_distribution(folder: Path, distribution: Distribution) -> None:
    for file in distribution.files or []:
        _remove(folder / file)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _remove_empty_folders(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
