"""Native libraries: check them against the Lambda runtime, and strip their symbols."""

import struct
from collections.abc import Iterator
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

from infra.packaging import PackagingError
from infra.packaging.targets import GLIBC_VERSION, Target

_SECTION_TABLE_OFFSET, _SECTION_TABLE_COUNTS = 40, 60


def find_libraries(folder: Path) -> list[Path]:
    """List the native libraries below a folder, sorted."""
    return sorted(path for path in folder.rglob("*.so*") if path.is_file())


def check_compatibility(library: Path, target: Target) -> None:
    """Raise `PackagingError` where the Lambda runtime cannot load the library."""
    with library.open("rb") as file:
        elf = ELFFile(file)
        machine, newest = elf["e_machine"], max(_glibc_versions(elf), default=(0, 0))
    if machine != target.elf_machine:
        raise PackagingError(f"{library.name} is not built for {target.architecture}.")
    if newest > GLIBC_VERSION:
        needed, available = (".".join(map(str, version)) for version in (newest, GLIBC_VERSION))
        raise PackagingError(
            f"{library.name} needs glibc {needed}; the Lambda runtime has {available}. "
            "Pin a version of the package with a wheel for an older glibc."
        )


def _glibc_versions(elf: ELFFile) -> Iterator[tuple[int, ...]]:
    for section in elf.iter_sections():
        if isinstance(section, GNUVerNeedSection):
            for _, versions in section.iter_versions():
                yield from map(_parse_version, _glibc_names(versions))


def _glibc_names(versions: Iterator[object]) -> Iterator[str]:
    names = (str(getattr(version, "name", "")) for version in versions)
    return (name for name in names if name.startswith("GLIBC_2"))


def _parse_version(name: str) -> tuple[int, ...]:
    return tuple(map(int, name.removeprefix("GLIBC_").split(".")))


def strip_symbols(library: Path) -> None:
    """Truncate a library after the last segment that the loader maps.

    This removes the symbol tables and the debug information, as `strip` does, without a tool of
    the build machine and for the libraries of any architecture.
    """
    with library.open("rb") as file:
        elf = ELFFile(file)
        ends = [segment["p_offset"] + segment["p_filesz"] for segment in elf.iter_segments()]
        headers = elf["e_phoff"] + elf["e_phentsize"] * elf["e_phnum"]
    content = bytearray(library.read_bytes()[: max(headers, *ends)])
    struct.pack_into("<Q", content, _SECTION_TABLE_OFFSET, 0)
    struct.pack_into("<HH", content, _SECTION_TABLE_COUNTS, 0, 0)
    library.write_bytes(content)
