"""The acts in which the model learns: review, export, training, comparison."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.panel import Panel

from examples.demo.assistant import Answered, Assistant
from examples.demo.learning import Compared, compare, export, newly_right, retrain
from examples.demo.scenario import Scenario
from examples.demo.stage import Stage, shorten
from infra.local.stack import Stack


def review(
    stage: Stage, scenario: Scenario, assistant: Assistant, answered: Sequence[Answered]
) -> dict[str, str]:
    """Let the reviewer read and correct; answer the intent given to each log id."""
    stage.act(
        "A reviewer reads",
        f"grace has time for {scenario.corrections:,} messages: first those of whose intent the "
        "model was least sure, from the review export, then failed workflows.",
    )
    told, content = export(assistant.stack, "review")
    stage.line(told["url"])
    stage.quote(content.decode().splitlines()[:4])
    unsure = sorted(json.loads(content), key=lambda entry: float(entry["confidence"]))
    by_id = {str(item.answer["log_id"]): item for item in answered}
    failed = [log_id for log_id, item in by_id.items() if not item.is_right]
    queue = list(dict.fromkeys([*(entry["id"] for entry in unsure), *failed]))
    reviewed = queue[: scenario.corrections]
    corrections = {log_id: by_id[log_id].example.label for log_id in reviewed}
    with stage.progress("Correcting", len(corrections)) as advance:
        assistant.correct(corrections, advance)
    wrong = sum(not by_id[log_id].is_right for log_id in reviewed)
    stage.say(
        f"{len(unsure):,} messages were unsure. Of {len(reviewed):,} read, {wrong:,} were really "
        f"wrong and are corrected; the others are confirmed."
    )
    return corrections


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
    for item in stack.s3_client().list_objects_v2(Bucket=stack.bucket)["Contents"]:
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
    stage: Stage, scenario: Scenario, assistant: Assistant, before: Compared, after: Compared
) -> None:
    """Redeploy the function, and ask it what the first model got wrong."""
    stage.act("The better model serves", "The same function, with the new model's folder.")
    assistant.stack.redeploy("classify-and-log", {"MODEL_DIR": str(after.folder)})
    rows = newly_right(before, after, scenario)[:6]
    answers = [assistant.ask(text) for text, _, _ in rows]
    stage.table(
        ["message", "before", "now, over HTTP"],
        [
            [shorten(text, 44), old, answer["intent"]]
            for (text, old, _), answer in zip(rows, answers, strict=True)
        ],
    )
    stage.say(f"Served by {assistant.ask('what is left for today?')['model_version']}.")


def summarise(
    stage: Stage,
    scenario: Scenario,
    answered: Sequence[Answered],
    corrected: dict[str, str],
    before: Compared,
    after: Compared,
) -> None:
    """Say what it came to."""
    gain = (after.evaluation.accuracy - before.evaluation.accuracy) * 100
    change = f"[bold]{before.evaluation.accuracy:.1%} → {after.evaluation.accuracy:.1%}[/bold]"
    lines = [
        f"{len(answered):,} messages captured, {len(corrected):,} of them read by a person.",
        f"Accuracy on {len(scenario.test):,} unseen messages: {change} ({gain:+.1f} points).",
    ]
    if gain <= 0:
        lines.append("This time the new model is no better: it would not be promoted.")
    lines.append("Everything the demo made is gone. Next: [bold]make serve[/bold]")
    stage.console.print()
    stage.console.print(Panel("\n".join(lines), title="What the loop learned", expand=False))
