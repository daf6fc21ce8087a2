"""Packages are reproducible, within their size budgets, and fit the Lambda runtime."""

import os
import shutil
import sys
from email.message import Message
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from infra.packaging import PackagingError, audit, budgets, native_libraries, sbom
from infra.packaging.archives import write_zip
from infra.packaging.assembly import check_models, package_function
from infra.packaging.budgets import LayerSize
from infra.packaging.paths import FUNCTION_LOCK, LAYER_LOCK, MODELS, function_locks
from infra.packaging.targets import ARM64, TARGETS, X86_64, Target


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A third-party native library with all its symbols."""
    source = next(Path(np.__file__).parent.glob("_core/_multiarray_umath.*.so"))
    return Path(shutil.copy(source, tmp_path))


@pytest.mark.usefixtures("packaging_python")
def test_a_functions_zip_does_not_depend_on_time_or_folder(
    tmp_path: Path,
) -> None:
    first = package_function("correct", X86_64, tmp_path / "here")
    os.utime(tmp_path / "here" / "functions-x86_64" / "correct" / "handler.py", (1, 1))
    second = package_function("correct", X86_64, tmp_path / "elsewhere" / "deeper")

    assert first.read_bytes() == second.read_bytes()


@pytest.mark.usefixtures("packaging_python")
def test_a_functions_zip_contains_only_the_files_of_that_function(tmp_path: Path) -> None:
    with ZipFile(package_function("correct", X86_64, tmp_path)) as zip_file:
        assert zip_file.namelist() == ["__pycache__/handler.cpython-313.pyc", "handler.py"]


@pytest.mark.usefixtures("packaging_python")
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.architecture)
def test_packages_of_one_function_are_in_its_zip_for_its_architecture(
    tmp_path: Path, target: Target
) -> None:
    with ZipFile(package_function("export", target, tmp_path)) as zip_file:
        zip_file.extractall(tmp_path / "mounted")

    (library,) = native_libraries.find_libraries(tmp_path / "mounted")
    native_libraries.check_compatibility(library, target)
    assert library.parent.name == "rensa"
    assert not (tmp_path / "mounted" / FUNCTION_LOCK).exists()


def test_packages_of_one_function_are_not_in_the_layer() -> None:
    in_layer = set(_package_names(LAYER_LOCK))
    in_functions = {name for lock in function_locks() for name in _package_names(lock)}

    assert "rensa" in in_functions
    assert not in_functions & in_layer


def _package_names(lock: Path) -> list[str]:
    return [line.partition("==")[0] for line in lock.read_text().splitlines() if "==" in line]


@pytest.mark.usefixtures("packaging_python")
def test_bytecode_is_not_validated_by_date(tmp_path: Path) -> None:
    with ZipFile(package_function("correct", X86_64, tmp_path)) as zip_file:
        bytecode = zip_file.read("__pycache__/handler.cpython-313.pyc")

    hashed_and_unchecked = 0b01
    assert int.from_bytes(bytecode[4:8], "little") == hashed_and_unchecked
    assert b"/var/task/handler.py" in bytecode
    assert str(tmp_path).encode() not in bytecode


def test_only_extensions_are_executable(tmp_path: Path) -> None:
    for name in ("extensions/example", "python/module.py"):
        file = tmp_path / "folder" / name
        file.parent.mkdir(parents=True)
        file.write_text("")
    write_zip(tmp_path / "folder", tmp_path / "folder.zip")

    with ZipFile(tmp_path / "folder.zip") as zip_file:
        modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in zip_file.infolist()}
    assert modes == {"extensions/example": 0o755, "python/module.py": 0o644}


@pytest.mark.skipif(sys.platform != "linux", reason="the library of another platform is not ELF")
def test_stripping_removes_symbols_and_retains_what_the_loader_maps(library: Path) -> None:
    before = library.read_bytes()
    native_libraries.strip_symbols(library)
    after = library.read_bytes()

    assert len(after) < len(before)
    assert after[64:] == before[64 : len(after)]


def test_a_library_for_another_architecture_is_rejected(library: Path) -> None:
    with pytest.raises(PackagingError, match="not built for arm64"):
        native_libraries.check_compatibility(library, ARM64)


def test_a_library_that_needs_a_newer_glibc_is_rejected(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    native_libraries.check_compatibility(library, X86_64)
    monkeypatch.setattr(native_libraries, "GLIBC_VERSION", (2, 12))

    with pytest.raises(PackagingError, match=r"needs glibc 2\.\d+; the Lambda runtime has 2\.12"):
        native_libraries.check_compatibility(library, X86_64)


def test_a_model_with_inconsistent_files_is_not_packaged(tmp_path: Path) -> None:
    model = tmp_path / "assistant"
    shutil.copytree(MODELS / "assistant", model)
    check_models(tmp_path)
    (model / "student.onnx").write_bytes((model / "student.onnx").read_bytes()[:-1])

    with pytest.raises(PackagingError, match=r"student\.onnx has .* bytes instead of"):
        check_models(tmp_path)


def test_an_exceeded_budget_is_reported_with_size_and_limit() -> None:
    budget = LayerSize(unzipped=95, zipped=34, model=28)
    budgets.check(LayerSize(unzipped=95, zipped=34, model=28), budget)

    exceeded = r"zipped 34\.2 MB \(budget 34 MB\), model 29\.0 MB \(budget 28 MB\)"
    with pytest.raises(PackagingError, match=exceeded):
        budgets.check(LayerSize(unzipped=95, zipped=34.2, model=29), budget)


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ([("License-Expression", "MIT"), ("License", "see the file")], "MIT"),
        ([("Classifier", "License :: OSI Approved :: BSD License")], "BSD License"),
        ([("License", "LGPL-2.1\nand its text")], "LGPL-2.1"),
    ],
)
def test_a_licence_is_read_from_any_metadata_field(
    fields: list[tuple[str, str]], licence: str
) -> None:
    metadata = Message()
    for name, value in fields:
        metadata[name] = value

    assert sbom.read_licence(metadata) == licence


def test_a_package_without_a_licence_is_rejected() -> None:
    metadata = Message()
    metadata["Name"] = "unlicensed"

    with pytest.raises(PackagingError, match="unlicensed contains no licence"):
        sbom.read_licence(metadata)


def test_an_audit_that_cannot_scan_does_not_report_success() -> None:
    status, report = audit.audit(
        ["--vulnerability-service", "osv", "--osv-url", "http://127.0.0.1:9"]
    )

    assert (status, report) == (2, audit.NOT_SCANNED)
