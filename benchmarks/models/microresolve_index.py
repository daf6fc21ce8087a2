"""microresolve, fitted as in its authors' own benchmark: every text is a phrase.

Adding only the misclassified texts, as its incremental learning does, is less accurate with all
labels (HWU64: 81.5% instead of 83.1%).
"""

from collections import defaultdict
from pathlib import Path

from microresolve import MicroResolve

from benchmarks.models.spec import TrainingData
from benchmarks.predictors.microresolve_index import NAMESPACE

UNNEEDED_FILES = ("_index.json", "_oplog.json")
"""Files that loading rebuilds, or that only synchronisation reads."""


def fit_microresolve(training: TrainingData, out: Path) -> None:
    """Add every text as a phrase of its intent. Unlabelled texts are ignored."""
    _write_index(training, out)
    for name in UNNEEDED_FILES:
        (out / NAMESPACE / name).unlink(missing_ok=True)


def _write_index(training: TrainingData, out: Path) -> None:
    """Write the phrases.

    The engine writes once more when it is deallocated, so it must not outlive this function.
    """
    phrases = defaultdict(list)
    for example in training.examples:
        phrases[example.label].append(example.text)
    engine = MicroResolve(data_dir=str(out))
    intents = engine.namespace(NAMESPACE)
    for label, texts in phrases.items():
        intents.add_intent(label, texts)
    engine.flush()
