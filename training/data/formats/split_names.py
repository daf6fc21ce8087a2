"""The names of splits, alone and with what people add to them."""

import re

from training.data.examples import TRAINING_SPLIT

TRAINING_ALIAS = "training"
"""Another common name of the split for training."""

SPLIT_NAMES = frozenset(
    {
        *(TRAINING_SPLIT, TRAINING_ALIAS, "test", "testing", "dev", "val", "valid", "validation"),
        *("devtest", "eval", "evaluation", "heldout", "held-out", "held_out", "holdout", "gold"),
    }
)
"""The names of splits, in lower case."""

_SPLITS = "|".join(sorted(SPLIT_NAMES, key=lambda name: (-len(name), name)))
SPLIT_AND_NOUN = rf"(?P<split>{_SPLITS})(?:[ _.-]?(?:set|split|data|dataset|examples|files|texts))?"
SPLIT_NAME = re.compile(rf"(?:\d+[ _.-]+)?{SPLIT_AND_NOUN}(?:[ _.-]?\d+)?")
"""The name of a split in lower case, with what people add: `test`, `test_set`, `02-test`."""
