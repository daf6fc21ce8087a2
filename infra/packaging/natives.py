"""Native libraries: checked against the runtime's machine, and cut to what the loader maps."""

import struct
from collections.abc import Iterator
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

from infra.packaging.failures import PackageRefused
from infra.packaging.targets import GLIBC_VERSION, Target

_SECTIONS_OFFSET, _SECTIONS_COUNTS = 40, 60


def libraries(folder: Path) -> list[Path]:
    """List the native libraries below a folder, in order."""
    return sorted(path for path in folder.rglob("*.so*") if path.is_file())


def check(library: Path, target: Target) -> None:
    """Raise `PackageRefused` where the runtime's machine could not load it."""
    with library.open("rb") as file:
        elf = ELFFile(file)
        machine, newest = elf["e_machine"], max(_glibc_versions(elf), default=(0, 0))
    if machine != target.elf_machine:
        raise PackageRefused(f"{library.name} is not for {target.architecture}.")
    if newest > GLIBC_VERSION:
        needed, given = (".".join(map(str, version)) for version in (newest, GLIBC_VERSION))
        raise PackageRefused(f"{library.name} needs glibc {needed}; the runtime has {given}.")


def _glibc_versions(elf: ELFFile) -> Iterator[tuple[int, ...]]:
    for section in elf.iter_sections():
        if isinstance(section, GNUVerNeedSection):
            for _, versions in section.iter_versions():
                yield from map(_numbers, _of_glibc(versions))


def _of_glibc(versions: Iterator[object]) -> Iterator[str]:
    names = (str(getattr(version, "name", "")) for version in versions)
    return (name for name in names if name.startswith("GLIBC_2"))


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(map(int, name.removeprefix("GLIBC_").split(".")))


def cut(library: Path) -> None:
    """Drop symbol tables and debug information, which lie behind all that the loader maps.

    Does what `strip` does to the size, with no tool of the machine's and for any machine's files.
    """
    with library.open("rb") as file:
        elf = ELFFile(file)
        ends = [segment["p_offset"] + segment["p_filesz"] for segment in elf.iter_segments()]
        headers = elf["e_phoff"] + elf["e_phentsize"] * elf["e_phnum"]
    content = bytearray(library.read_bytes()[: max(headers, *ends)])
    struct.pack_into("<Q", content, _SECTIONS_OFFSET, 0)
    struct.pack_into("<HH", content, _SECTIONS_COUNTS, 0, 0)
    library.write_bytes(content)
