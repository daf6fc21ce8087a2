"""The Lambda runtime and the architectures that packages are built for."""

from dataclasses import dataclass

PYTHON_VERSION = "3.13"
GLIBC_VERSION = (2, 34)
"""The version in Amazon Linux 2023, which Lambda's Python 3.12 and later run on; 3.11 has 2.26."""


@dataclass(frozen=True)
class Target:
    """An architecture by its names: Lambda's, that of wheels, and that of the ELF header."""

    architecture: str
    machine: str
    elf_machine: str

    @property
    def platform(self) -> str:
        """The platform tag of the newest wheels that the runtime's glibc can load."""
        return f"{self.machine}-manylinux_{GLIBC_VERSION[0]}_{GLIBC_VERSION[1]}"


X86_64 = Target("x86_64", "x86_64", "EM_X86_64")
ARM64 = Target("arm64", "aarch64", "EM_AARCH64")
TARGETS = (X86_64, ARM64)
