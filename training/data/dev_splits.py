"""Which exported datasets have enough labels for a split to test on."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from training.data.examples import TRAINING_SPLIT, Example, LocatedExample
from training.data.exported_datasets import StoredDataset, datasets_in_use
from training.data.locations import Location
from training.data.remarks import Remarks

MIN_LABELS_FOR_DEV = 5_000
"""With fewer labels of people, a dataset to train on has no dev split: training needs them all, and
the dev split would have fewer than the 500 texts that a calibration error takes, and show no
difference between two models. The gold split stays what it is."""

_DEV_SPLIT: Final = "dev"


def train_on_small_dev_split(
    lines: Iterable[LocatedExample], datasets: Sequence[StoredDataset], remarks: Remarks
) -> Iterator[LocatedExample]:
    """Yield the lines of datasets of one series; where people labelled few, `dev` is `train`.

    Lines of other datasets than whole ones of the policy `audited` stay as they are, and so do
    those of a dataset that is read in part.
    """
    read = list(lines)
    used = datasets_in_use(datasets)
    dev = sum(line.example.split == _DEV_SPLIT for line in read)
    people = sum(line.example.tier == "person" for line in read)
    is_small = people < MIN_LABELS_FOR_DEV and all(each.is_for_training for each in used)
    if not dev or not is_small:
        yield from read
        return
    note = f"texts of the split {_DEV_SPLIT} train too, as people labelled fewer than "
    remarks.note(f"{note}{MIN_LABELS_FOR_DEV:,}", Location(used[-1].name), dev)
    for line in read:
        is_dev = line.example.split == _DEV_SPLIT
        yield line._replace(example=_as_training(line)) if is_dev else line


def _as_training(line: LocatedExample) -> Example:
    return line.example.model_copy(update={"split": TRAINING_SPLIT})
