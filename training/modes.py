"""The training modes, by name; `prompt-capture train --mode` takes them."""

from typing import Literal

TrainingMode = Literal["head", "student", "full"]
