"""The ways to learn, by name."""

from typing import Literal

Mode = Literal["head", "student", "full"]
