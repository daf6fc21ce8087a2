"""Fit the context model of redaction to labelled texts.

    python -m training.redaction [--hold-out FILE]

`make model NAME=redaction` runs this module in the root of the repository. On one type of machine,
the same texts give the same weights. With `--hold-out`, it measures how a model fitted to the other
files does on one, and writes nothing.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from prompt_capture.domain.entities.context.candidates import find_candidates
from prompt_capture.domain.entities.context.features import context_of, parts_of
from prompt_capture.domain.entities.context.model import WEIGHTS, ContextModel
from prompt_capture.domain.entities.searched import Searched, hide
from prompt_capture.domain.searchable_text import fold
from training.data.redacted_texts import REDACTED_TEXTS, RedactedText, read_redacted_texts
from training.fit.networks.context import ENTITY_TYPES, LabelledCandidate, fit

RULES = "rules.jsonl"
WEIGHT_OF_RULES = 8.0
"""How much more the texts of the rules' own tests count, which the model must not contradict."""
MAX_FITS, MORE_WEIGHT = 4, 6.0
"""Where it does, these texts count so much more, and the model is fitted again."""


def list_candidates(text: RedactedText, weight: float = 1.0) -> Iterator[LabelledCandidate]:
    """Return the candidates of a text.

    Where it has other entities, each candidate is listed twice: as it is, and with them hidden,
    as rules hide what they find before the model decides.
    """
    searched = Searched(fold(text.text))
    entities = list(text.searched_entities(searched.text))
    for start, end in find_candidates(searched):
        types = (name for name, begin, stop in entities if begin < end and start < stop)
        others = [(begin, stop) for _, begin, stop in entities if end <= begin or stop <= start]
        contexts = [context_of(searched.text, searched.lower, start, end)]
        if others:
            hidden = hide(searched.lower, others)
            contexts.append(context_of(searched.text, hidden, start, end))
        entity_type = next(types, None)
        for context in contexts:
            yield LabelledCandidate(parts_of(*context), entity_type, weight / len(contexts))


def list_files() -> list[Path]:
    """Return the files of texts."""
    return sorted(REDACTED_TEXTS.glob("*.jsonl"))


def read_candidates(files: Sequence[Path]) -> list[LabelledCandidate]:
    """Return the candidates of all texts of some files."""
    return [
        candidate
        for file in files
        for text in read_redacted_texts([file])
        for candidate in list_candidates(text, WEIGHT_OF_RULES if file.name == RULES else 1.0)
    ]


def fit_to_rules(candidates: Sequence[LabelledCandidate]) -> ContextModel:
    """Fit the model until what stays in the texts of the rules' own tests stays, if it can."""
    model = fit(candidates)
    for _ in range(MAX_FITS - 1):
        weighted = [_weigh(model, each) for each in candidates]
        if weighted == candidates:
            break
        candidates = weighted
        model = fit(candidates)
    return model


def _weigh(model: ContextModel, candidate: LabelledCandidate) -> LabelledCandidate:
    """Return a candidate that has to stay with more weight, if the model takes it for an entity."""
    is_kept = candidate.weight > 1 and candidate.entity_type is None
    if is_kept and model.classify(candidate.parts, ENTITY_TYPES):
        return replace(candidate, weight=MORE_WEIGHT * candidate.weight)
    return candidate


def write(model: ContextModel, fingerprint: str) -> None:
    """Write a model to its file, as `load_model` reads it."""
    header = {
        "fitted_to": fingerprint,
        "entity_types": model.entity_types,
        "bias": model.bias,
        "output": model.output,
        "scale": model.scale,
        "features": len(model.weights.features),
    }
    features = "\n".join(model.weights.features).encode()
    content = b"".join([json.dumps(header).encode(), b"\n", model.weights.weights, features])
    WEIGHTS.write_bytes(gzip.compress(content, mtime=0))


def fingerprint_of(candidates: Iterable[LabelledCandidate]) -> str:
    """Return a hash of what a model is fitted to."""
    content = sha256()
    for each in candidates:
        content.update(json.dumps([*each.features, each.entity_type, each.weight]).encode())
    return content.hexdigest()


def measure(model: ContextModel, candidates: Iterable[LabelledCandidate]) -> str:
    """Return a table of what a model finds among candidates, by entity type."""
    rows = [f"{'entity type':<12} {'marked':>6} {'recall':>7} {'precision':>10}"]
    pairs = [(each.entity_type, model.classify(each.parts, ENTITY_TYPES)) for each in candidates]
    for name in ENTITY_TYPES:
        marked = sum(expected == name for expected, _ in pairs)
        found = sum(actual == name for _, actual in pairs)
        right = pairs.count((name, name))
        rows.append(
            f"{name:<12} {marked:>6} {right / max(marked, 1):>7.3f} {right / max(found, 1):>10.3f}"
        )
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit the model to the texts of the repository, and write or measure it."""
    parser = argparse.ArgumentParser(
        prog="python -m training.redaction",
        description="Fit the context model of redaction to the texts in training/data/redaction.",
    )
    files = {file.stem: file for file in list_files()}
    parser.add_argument(
        "--hold-out", choices=files, help="measure on this file, fitted to the others"
    )
    held_out = parser.parse_args(arguments).hold_out
    candidates = read_candidates([file for name, file in files.items() if name != held_out])
    model = fit_to_rules(candidates)
    if held_out:
        report = measure(model, read_candidates([files[held_out]]))
    else:
        write(model, fingerprint_of(candidates))
        report = f"{len(candidates)} candidates, {len(model.weights.features)} features"
    sys.stdout.write(f"{report}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
