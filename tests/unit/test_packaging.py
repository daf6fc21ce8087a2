"""How packages are built: the same bytes twice, within budgets, for the runtime's machine."""

import os
import shutil
import sys
from email.message import Message
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from infra.packaging import audit, bill, budgets, functions, natives
from infra.packaging.archives import write_zip
from infra.packaging.budgets import Weight
from infra.packaging.failures import PackageRefused
from infra.packaging.layer import check_models
from infra.packaging.paths import FUNCTION_LOCK, LAYER_LOCK, MODELS, function_locks
from infra.packaging.targets import ARM64, TARGETS, X86_64, Target


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A native library of somebody else's, with all its symbols."""
    source = next(Path(np.__file__).parent.glob("_core/_multiarray_umath.*.so"))
    return Path(shutil.copy(source, tmp_path))


@pytest.mark.usefixtures("packaging_python")
def test_a_function_zipped_twice_is_the_same_bytes_at_another_time_elsewhere(
    tmp_path: Path,
) -> None:
    first = functions.package("correct", X86_64, tmp_path / "here")
    os.utime(tmp_path / "here" / "functions-x86_64" / "correct" / "handler.py", (1, 1))
    second = functions.package("correct", X86_64, tmp_path / "elsewhere" / "deeper")

    assert first.read_bytes() == second.read_bytes()


@pytest.mark.usefixtures("packaging_python")
def test_a_functions_zip_has_that_functions_files_alone(tmp_path: Path) -> None:
    with ZipFile(functions.package("correct", X86_64, tmp_path)) as zip_file:
        assert zip_file.namelist() == ["__pycache__/handler.cpython-313.pyc", "handler.py"]


@pytest.mark.usefixtures("packaging_python")
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.architecture)
def test_what_one_function_needs_is_in_its_zip_for_its_machine(
    tmp_path: Path, target: Target
) -> None:
    with ZipFile(functions.package("export", target, tmp_path)) as zip_file:
        zip_file.extractall(tmp_path / "mounted")

    (library,) = natives.libraries(tmp_path / "mounted")
    natives.check(library, target)
    assert library.parent.name == "rensa"
    assert not (tmp_path / "mounted" / FUNCTION_LOCK).exists()


def test_what_one_function_needs_is_not_in_the_layer() -> None:
    layer = set(_names(LAYER_LOCK))
    own = {name for lock in function_locks() for name in _names(lock)}

    assert "rensa" in own
    assert not own & layer


def _names(lock: Path) -> list[str]:
    return [line.partition("==")[0] for line in lock.read_text().splitlines() if "==" in line]


@pytest.mark.usefixtures("packaging_python")
def test_byte_code_is_not_checked_by_date(tmp_path: Path) -> None:
    with ZipFile(functions.package("correct", X86_64, tmp_path)) as zip_file:
        byte_code = zip_file.read("__pycache__/handler.cpython-313.pyc")

    hashed_and_unchecked = 0b01
    assert int.from_bytes(byte_code[4:8], "little") == hashed_and_unchecked
    assert b"/var/task/handler.py" in byte_code
    assert str(tmp_path).encode() not in byte_code


def test_an_extension_can_be_run_and_nothing_else(tmp_path: Path) -> None:
    for name in ("extensions/late", "python/one.py"):
        file = tmp_path / "folder" / name
        file.parent.mkdir(parents=True)
        file.write_text("")
    write_zip(tmp_path / "folder", tmp_path / "made.zip")

    with ZipFile(tmp_path / "made.zip") as zip_file:
        modes = {one.filename: one.external_attr >> 16 & 0o777 for one in zip_file.infolist()}
    assert modes == {"extensions/late": 0o755, "python/one.py": 0o644}


@pytest.mark.skipif(sys.platform != "linux", reason="the library is this machine's own")
def test_a_library_is_cut_and_still_has_what_the_loader_maps(library: Path) -> None:
    before = library.read_bytes()
    natives.cut(library)
    after = library.read_bytes()

    assert len(after) < len(before)
    assert after[64:] == before[64 : len(after)]


def test_a_library_of_another_machine_is_refused(library: Path) -> None:
    with pytest.raises(PackageRefused, match="not for arm64"):
        natives.check(library, ARM64)


def test_a_library_that_wants_a_newer_c_library_is_refused(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    natives.check(library, X86_64)
    monkeypatch.setattr(natives, "GLIBC_VERSION", (2, 12))

    with pytest.raises(PackageRefused, match=r"needs glibc 2\.\d+; the runtime has 2\.12"):
        natives.check(library, X86_64)


def test_a_model_whose_files_do_not_belong_together_is_not_packaged(tmp_path: Path) -> None:
    model = tmp_path / "assistant"
    shutil.copytree(MODELS / "assistant", model)
    check_models(tmp_path)
    (model / "student.onnx").write_bytes((model / "student.onnx").read_bytes()[:-1])

    with pytest.raises(PackageRefused, match=r"student\.onnx is not the file"):
        check_models(tmp_path)


def test_what_is_over_its_budget_is_named_with_both_numbers() -> None:
    budgets.keep(Weight(unzipped=95, zipped=34, model=28))

    with pytest.raises(PackageRefused, match=r"zipped 34\.2 MB of 34, model 29\.0 MB of 28"):
        budgets.keep(Weight(unzipped=95, zipped=34.2, model=29))


@pytest.mark.parametrize(
    ("stated", "read"),
    [
        ([("License-Expression", "MIT"), ("License", "see the file")], "MIT"),
        ([("Classifier", "License :: OSI Approved :: BSD License")], "BSD License"),
        ([("License", "LGPL-2.1\nand its text")], "LGPL-2.1"),
    ],
)
def test_a_licence_is_read_however_it_is_stated(stated: list[tuple[str, str]], read: str) -> None:
    metadata = Message()
    for name, value in stated:
        metadata[name] = value

    assert bill.licence(metadata) == read


def test_a_package_without_a_licence_is_refused() -> None:
    metadata = Message()
    metadata["Name"] = "somebodys"

    with pytest.raises(PackageRefused, match="somebodys states no licence"):
        bill.licence(metadata)


def test_a_scan_that_could_not_be_made_is_not_called_clean() -> None:
    status, said = audit.audit(
        ["--vulnerability-service", "osv", "--osv-url", "http://127.0.0.1:9"]
    )

    assert (status, said) == (2, audit.NOT_SCANNED)
