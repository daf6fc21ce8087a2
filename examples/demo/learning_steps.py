"""The steps that improve the model: review, export, training and comparison."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from examples.demo.client import DemoClient, SentMessage
from examples.demo.console import DemoConsole
from examples.demo.learning import (
    DemoModel,
    evaluate_model,
    invoke_export,
    list_failed_workflows,
    retrain,
)
from examples.demo.scenario import Scenario
from infra.local.stack import Stack


@dataclass(frozen=True)
class ReviewCounts:
    """The numbers of messages that the reviewer corrected and confirmed."""

    corrected: int
    confirmed: int


def review(
    console: DemoConsole,
    scenario: Scenario,
    client: DemoClient,
    sent: Sequence[SentMessage],
    work: Path,
) -> ReviewCounts:
    """Let the reviewer correct or confirm uncertain messages and failed workflows."""
    console.start_step(
        "Review uncertain messages",
        f"grace reviews up to {scenario.max_reviews:,} messages: first those of the review export, "
        "in order of confidence, then failed workflows. The labels of the data represent her "
        "decisions.",
    )
    response, content = invoke_export(client.stack, "review")
    (work / "review.json").write_bytes(content)
    console.print_unwrapped(response["url"])
    console.print_excerpt(content.decode().splitlines()[:4])
    uncertain = sorted(
        json.loads(content), key=lambda entry: (entry["confidence"], entry["prompt"])
    )
    by_log_id = {str(message.response["log_id"]): message for message in sent}
    failed = asyncio.run(list_failed_workflows(client.stack))
    failed.sort(key=lambda log_id: by_log_id[log_id].example.text)
    queue = list(dict.fromkeys([*(entry["id"] for entry in uncertain), *failed]))
    reviewed = queue[: scenario.max_reviews]
    decisions = {log_id: by_log_id[log_id].example.label for log_id in reviewed}
    with console.progress("Submitting corrections", len(decisions)) as advance:
        client.submit_corrections(decisions, advance)
    corrected = sum(not by_log_id[log_id].is_correct for log_id in reviewed)
    console.print(
        f"{len(uncertain):,} uncertain messages and {len(failed):,} failed workflows make "
        f"{len(queue):,} distinct messages. grace reviewed {len(reviewed):,}: she corrected "
        f"{corrected:,} ({corrected / max(len(reviewed), 1):.0%}) and confirmed the others."
    )
    return ReviewCounts(corrected, len(reviewed) - corrected)


def export_training_data(console: DemoConsole, stack: Stack) -> bytes:
    """Export a training dataset and return its content."""
    console.start_step(
        "Export a training dataset",
        "The export function, invoked as by the weekly schedule, writes a dataset to S3.",
    )
    response, content = invoke_export(stack, "retraining")
    console.print(
        f"{response['rows']:,} rows, corrected or predicted with a confidence above "
        f"{response['confidence_threshold']}:"
    )
    console.print_excerpt(content.decode().splitlines()[:4])
    console.print("All objects in the bucket:")
    with closing(stack.s3_client()) as s3:
        for item in s3.list_objects_v2(Bucket=stack.bucket)["Contents"]:
            console.print_unwrapped(f"  {item['Size']:>9,} bytes  {item['Key']}")
    return content


def retrain_and_compare(
    console: DemoConsole, scenario: Scenario, first_model: Path, dataset: bytes, work: Path
) -> tuple[DemoModel, DemoModel]:
    """Retrain the model, and compare it with the first model on the test set."""
    console.start_step(
        "Retrain the model",
        "The model is retrained on a part of its own training data and on the export. Both models "
        f"are then evaluated on {len(scenario.test):,} messages that are in neither.",
    )
    if scenario.skipped_tests:
        console.print(
            f"({scenario.skipped_tests:,} more test messages are skipped, because the first model "
            "was trained on the same texts.)"
        )
    retrain(console, scenario, dataset, work / "retrained")
    before = evaluate_model(first_model, scenario)
    after = evaluate_model(work / "retrained", scenario)
    old, new = before.evaluation, after.evaluation
    rows = [
        ("accuracy", f"{old.accuracy:.1%}", f"{new.accuracy:.1%}"),
        ("macro F1", f"{old.macro_f1:.3f}", f"{new.macro_f1:.3f}"),
        ("expected calibration error", f"{old.ece:.3f}", f"{new.ece:.3f}"),
    ]
    if old.oos and new.oos:
        recall = (f"{old.oos.found_at_95_kept:.1%}", f"{new.oos.found_at_95_kept:.1%}")
        rows.append(("out-of-scope recall at 95% in-scope recall", *recall))
    console.print_table(["metric on the test set", "before", "after"], rows)
    return before, after
