"""The acts in which the model learns: review, export, training, comparison."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from examples.demo.assistant import Answered, Assistant
from examples.demo.learning import (
    Change,
    Compared,
    compare,
    export,
    failed_workflows,
    retrain,
)
from examples.demo.scenario import Scenario
from examples.demo.stage import Stage, shorten
from infra.local.stack import Stack

SHOWN = 6


@dataclass(frozen=True)
class Reviewed:
    """What a reviewer did: how many messages were corrected, and how many confirmed."""

    corrected: int
    confirmed: int


def review(
    stage: Stage,
    scenario: Scenario,
    assistant: Assistant,
    answered: Sequence[Answered],
    work: Path,
) -> Reviewed:
    """Let the reviewer read what is doubtful, and correct or confirm it."""
    stage.act(
        "A reviewer reads",
        f"grace reads at most {scenario.corrections:,} messages: first those of whose intent the "
        "model was least sure, from the review export, then failed workflows. The data's own "
        "labels stand in for what she knows.",
    )
    told, content = export(assistant.stack, "review")
    (work / "review.json").write_bytes(content)
    stage.line(told["url"])
    stage.quote(content.decode().splitlines()[:4])
    unsure = sorted(json.loads(content), key=lambda entry: (entry["confidence"], entry["prompt"]))
    by_id = {str(item.answer["log_id"]): item for item in answered}
    failed = asyncio.run(failed_workflows(assistant.stack))
    failed.sort(key=lambda log_id: by_id[log_id].example.text)
    queue = list(dict.fromkeys([*(entry["id"] for entry in unsure), *failed]))
    reviewed = queue[: scenario.corrections]
    decisions = {log_id: by_id[log_id].example.label for log_id in reviewed}
    with stage.progress("Correcting", len(decisions)) as advance:
        assistant.correct(decisions, advance)
    wrong = sum(not by_id[log_id].is_right for log_id in reviewed)
    stage.say(
        f"{len(unsure):,} messages were unsure and {len(failed):,} workflows failed, "
        f"{len(queue):,} messages together. grace read {len(reviewed):,}: {wrong:,} "
        f"({wrong / max(len(reviewed), 1):.0%}) were really wrong and are corrected, "
        f"the others are confirmed."
    )
    return Reviewed(wrong, len(reviewed) - wrong)


def export_dataset(stage: Stage, stack: Stack) -> bytes:
    """Export what can be learned from, and answer its content."""
    stage.act(
        "A dataset to learn from",
        "The export function, invoked as the weekly schedule does, writes to S3.",
    )
    told, content = export(stack, "retraining")
    stage.say(
        f"{told['rows']:,} rows, corrected or predicted above {told['confidence_threshold']}:"
    )
    stage.quote(content.decode().splitlines()[:4])
    stage.say("All that is in the bucket now:")
    with closing(stack.s3_client()) as s3:
        for item in s3.list_objects_v2(Bucket=stack.bucket)["Contents"]:
            stage.line(f"  {item['Size']:>9,} bytes  {item['Key']}")
    return content


def learn(
    stage: Stage, scenario: Scenario, first_model: Path, dataset: bytes, work: Path
) -> tuple[Compared, Compared]:
    """Train anew, and compare with the first model on the test."""
    stage.act(
        "The model learns",
        f"Trained anew on what it knew and on the export, then compared on {len(scenario.test):,} "
        "messages that are in neither.",
    )
    if scenario.familiar:
        stage.say(
            f"({scenario.familiar:,} more of the test file are not asked: the first model was "
            "trained on the same words.)"
        )
    retrain(stage, scenario, dataset, work / "retrained")
    before, after = compare(first_model, scenario), compare(work / "retrained", scenario)
    old, new = before.evaluation, after.evaluation
    rows = [
        ("accuracy", f"{old.accuracy:.1%}", f"{new.accuracy:.1%}"),
        ("macro F1", f"{old.macro_f1:.3f}", f"{new.macro_f1:.3f}"),
        ("calibration error", f"{old.ece:.3f}", f"{new.ece:.3f}"),
    ]
    if old.oos and new.oos:
        kept = (f"{old.oos.found_at_95_kept:.1%}", f"{new.oos.found_at_95_kept:.1%}")
        rows.append(("messages for nobody found", *kept))
    stage.table(["on the test", "before", "after"], rows)
    return before, after


def serve_the_better_model(
    stage: Stage, assistant: Assistant, after: Compared, differ: Sequence[Change]
) -> None:
    """Redeploy the function, and ask it what the first model got wrong."""
    stage.act("The better model serves", "The same function, with the new model's folder.")
    assistant.stack.redeploy("classify-and-log", {"MODEL_DIR": str(after.folder)})
    fixed = [change for change in differ if change.after == change.truth][:SHOWN]
    stage.table(
        ["message", "before", "now, over HTTP"],
        [
            [shorten(change.text, 36), change.before, assistant.ask(change.text)["intent"]]
            for change in fixed
        ],
    )
    stage.say(f"Served by {assistant.ask('what is left for today?')['model_version']}.")
