"""What a package is made for: the version of Python and the processor of Lambda, or those of this machine.

Wheels are fetched for the target, whatever fetches them. Bytecode is another matter: only an interpreter of the target's
version can make it. Where this machine has none, the package goes without, and starts more slowly.
"""

import platform
import shutil
import subprocess
import sys
from typing import NamedTuple

AMAZON_LINUX_2_MINOR, AMAZON_LINUX_2023_MINOR = 26, 34
"""Of glibc, in the systems that Lambda runs Python on: the first until 3.11, the second since 3.12."""
ARCHITECTURES = {"aarch64": "arm64", "arm64": "arm64", "x86_64": "x86_64", "AMD64": "x86_64"}
"""Processors as Python names them -> as Lambda does."""


class Target(NamedTuple):
    """A version of Python, major and minor, and a processor as Python names it."""

    python: tuple[int, int]
    machine: str

    @property
    def version(self) -> str:
        return ".".join(map(str, self.python))

    @property
    def runtime(self) -> str:
        """The runtime as Lambda names it."""
        return f"python{self.version}"

    @property
    def architecture(self) -> str:
        return ARCHITECTURES[self.machine]

    @property
    def platforms(self) -> list[str]:
        """The kinds of wheels that run there, the best first."""
        newest = AMAZON_LINUX_2023_MINOR if self.python >= (3, 12) else AMAZON_LINUX_2_MINOR
        return [*(f"manylinux_2_{minor}_{self.machine}" for minor in range(newest, 4, -1)), f"manylinux2014_{self.machine}"]


LAMBDA = Target((3, 13), "aarch64")


def here() -> Target:
    """This interpreter and machine: what the embedded stack runs functions with."""
    return Target(sys.version_info[:2], platform.machine())


def interpreter(target: Target) -> str | None:
    """A Python of the target's version, for bytecode; None if this machine has none."""
    if sys.version_info[:2] == target.python:
        return sys.executable
    found = shutil.which(target.runtime)
    return found if found and _answers(found, target) else None


def _answers(python: str, target: Target) -> bool:
    """Whether it is what its name says: a version manager's stand-in may only say that there is none."""
    asked = [python, "-c", "import sys; print(*sys.version_info[:2], sep='.')"]
    return subprocess.run(asked, check=False, capture_output=True, text=True).stdout.strip() == target.version
