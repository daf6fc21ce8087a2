"""The runtime that is deployed, and the machines that it runs on."""

from dataclasses import dataclass

PYTHON_VERSION = "3.13"
GLIBC_VERSION = (2, 34)
"""Amazon Linux 2023's, under Lambda's Python 3.12 and later; 3.11 has 2.26."""


@dataclass(frozen=True)
class Target:
    """An architecture: Lambda's name, the wheels' name, and the ELF header's."""

    architecture: str
    machine: str
    elf_machine: str

    @property
    def platform(self) -> str:
        """Name the newest wheels that the runtime's C library can load."""
        return f"{self.machine}-manylinux_{GLIBC_VERSION[0]}_{GLIBC_VERSION[1]}"


X86_64 = Target("x86_64", "x86_64", "EM_X86_64")
ARM64 = Target("arm64", "aarch64", "EM_AARCH64")
TARGETS = (X86_64, ARM64)
