"""What a person should know about a model before it is promoted."""

from collections.abc import Collection, Iterator

from prompt_capture.domain.model_folders import ModelFolder
from prompt_capture.domain.predictions import OUT_OF_SCOPE_LABELS

_MAX_NAMES = 10


def remarks_on(model: ModelFolder, catalogue: Collection[str]) -> Iterator[str]:
    """Yield remarks on a model. `catalogue` holds the intents that are in use."""
    labels = set(model.labels)
    if unknown := labels - set(catalogue) - OUT_OF_SCOPE_LABELS:
        yield (
            f"The catalogue lacks labels of the model: {_names(unknown)}. Reviewers cannot correct "
            "to them. Add them to intent_catalogue, or train without them."
        )
    if missing := set(catalogue) - labels - OUT_OF_SCOPE_LABELS:
        yield (
            f"The model never predicts intents of the catalogue: {_names(missing)}. Train with "
            "examples of them, or retire them."
        )
    if not model.metrics:
        yield "The model has no metrics: nothing shows whether it is better. Compare: evaluate."
    elif model.sample == "seed":
        yield (
            "The metrics stand on seed examples alone, so they do not show how well the model "
            "serves real messages. Compare it on a gold dataset: evaluate."
        )


def _names(names: Collection[str]) -> str:
    shown = ", ".join(sorted(names)[:_MAX_NAMES])
    return f"{shown} and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else shown
