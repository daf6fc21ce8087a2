"""Read the data of `train`, `evaluate` and `predict`, and report on it to standard error."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from cli.error_handling import error_console
from prompt_capture.domain.models import DatasetReference
from training.config import Progress
from training.data.diagnosis import (
    describe_conflicts,
    describe_joined_labels,
    describe_missing_splits,
    describe_numbers,
    describe_similar_labels,
    describe_unknown_secondary,
    describe_unusual_splits,
)
from training.data.examples import TRAINING_SPLIT, Example, InvalidExamples, LocatedExample
from training.data.provenance import describe_datasets
from training.data.reading import (
    read_sources,
    read_unlabelled,
    read_with_training_splits,
)
from training.data.remarks import Remarks
from training.data.sources import DataSource


class LabelledData(NamedTuple):
    """Examples, texts without labels, and the datasets that both come from."""

    examples: list[Example]
    unlabelled: list[str]
    datasets: tuple[DatasetReference, ...]


def read_training_data(
    sources: Sequence[DataSource], unlabelled_sources: Sequence[DataSource], progress: Progress
) -> LabelledData:
    """Read what to train on: examples without a split or of the split `train`, and texts.

    Raise `InvalidExamples`.
    """
    unlabelled = _read_unlabelled(unlabelled_sources, progress)
    located = _read(sources, progress)
    kept = [each for each in located if each.example.is_for_training]
    print_warnings(describe_unknown_secondary(kept))
    return LabelledData(
        _report(located, kept, f"of the split {TRAINING_SPLIT}, nor without a split"),
        [text.example.text for text in unlabelled],
        describe_datasets([*sources, *unlabelled_sources], kept, unlabelled),
    )


def read_test_examples(sources: Sequence[DataSource], progress: Progress) -> list[Example]:
    """Read examples to measure a model on: those without a split, and all but those to train on.

    Raise `InvalidExamples`.
    """
    located = _read(sources, progress)
    kept = [each for each in located if each.example.split != TRAINING_SPLIT]
    print_warnings(describe_unusual_splits(kept))
    print_warnings(describe_missing_splits(located))
    return _report(located, kept, f"of another split than {TRAINING_SPLIT}")


def read_all_examples(sources: Sequence[DataSource], progress: Progress) -> list[Example]:
    """Read the examples of all splits; raise `InvalidExamples`."""
    examples = [each.example for each in _read(sources, progress, read_sources)]
    if not examples:
        raise InvalidExamples("The data contains no examples.")
    return examples


def read_texts(sources: Sequence[DataSource], progress: Progress) -> list[str]:
    """Read texts, labelled or not; raise `InvalidExamples`."""
    return [each.example.text for each in _read_unlabelled(sources, progress)]


def print_warnings(warnings: Iterable[str]) -> None:
    """Print each warning on a line of its own."""
    for warning in warnings:
        error_console.print(warning, style="yellow", highlight=False, markup=False, soft_wrap=True)


def _read(
    sources: Sequence[DataSource],
    progress: Progress,
    read: Callable[..., list[LocatedExample]] = read_with_training_splits,
) -> list[LocatedExample]:
    remarks = Remarks()

    def describe(summary: str) -> None:
        error_console.print(summary, highlight=False, markup=False, soft_wrap=True)

    located = read(sources, remarks, progress.step("Reading data"), describe)
    print_warnings(remarks)
    return located


def _read_unlabelled(sources: Sequence[DataSource], progress: Progress) -> list[LocatedExample]:
    if not sources:
        return []
    remarks = Remarks()
    texts = read_unlabelled(sources, remarks, progress.step("Reading texts"))
    print_warnings(remarks)
    return texts


def _report(
    located: Sequence[LocatedExample], kept: Sequence[LocatedExample], needed: str
) -> list[Example]:
    """Report the splits that are left out, and what is odd about the labels of the others."""
    all_splits = Counter(each.example.split for each in located)
    used = {each.example.split for each in kept}
    left_out = {split: count for split, count in all_splits.items() if split not in used}
    if not kept:
        found = ", ".join(f"{count:,} of the split {split}" for split, count in left_out.items())
        raise InvalidExamples(
            f"The data contains no examples {needed}: {found}."
            if found
            else "The data contains no examples."
        )
    print_warnings(
        f"{count:,} texts are left out: their split is {split}."
        for split, count in left_out.items()
    )
    examples = [example for example, _location in kept]
    print_warnings(describe_conflicts(kept))
    labels = [example.label for example in examples]
    secondary = [intent for example in examples for intent in example.secondary]
    print_warnings(describe_similar_labels([*labels, *secondary]))
    for describe in (describe_joined_labels, describe_numbers):
        print_warnings(describe(labels))
    return examples
