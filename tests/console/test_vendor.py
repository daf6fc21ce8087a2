"""The libraries of the page are those of the locked npm packages."""

import json

import pytest

from infra.vendor import LIBRARIES, PACKAGES, ROOT, VENDOR, Library, bundle

LOCK = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: library.file)
def test_a_library_is_the_locked_package(library: Library) -> None:
    for package in (*library.packages, "esbuild"):
        installed = json.loads((PACKAGES / package / "package.json").read_text("utf-8"))["version"]
        assert installed == LOCK[f"node_modules/{package}"]["version"]

    assert (VENDOR / library.file).read_bytes() == bundle(library), (
        "Run `python -m infra.vendor`, and look at the difference."
    )


def test_no_other_library_is_vendored() -> None:
    assert {file.name for file in VENDOR.iterdir()} == {library.file for library in LIBRARIES}
