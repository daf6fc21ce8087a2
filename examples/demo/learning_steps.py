"""The steps before and after the retraining: review, export and comparison."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples.demo.client import DemoClient, SentMessage
from examples.demo.console import DemoConsole
from examples.demo.learning import (
    DemoModel,
    download_model,
    evaluate_model,
    invoke_export,
    list_failed_workflows,
    upload_seeds,
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
    response, content = invoke_export(client.stack, mode="review", days=7)
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


def export_training_data(
    console: DemoConsole, stack: Stack, scenario: Scenario, work: Path
) -> None:
    """Export what to learn from and the gold set, and upload the seeds."""
    console.start_step(
        "Export the datasets",
        "The export function, invoked as by the weekly schedule, writes to S3 what to learn from, "
        "and a tenth of the labels as the gold set, which no model learns.",
    )
    response, lines = invoke_export(stack, mode="retraining", policy="audited")
    (work / "dataset.jsonl").write_bytes(lines)
    gold, _ = invoke_export(stack, mode="gold")
    console.print(
        f"{response['rows']:,} texts to learn from, and {gold['rows']:,} in the gold set:"
    )
    console.print_excerpt(lines.decode().splitlines()[:4])
    upload_seeds(stack, scenario.seeds)
    with closing(stack.s3_client()) as s3:
        console.print("All objects in the bucket:")
        for item in s3.list_objects_v2(Bucket=stack.bucket)["Contents"]:
            console.print_unwrapped(f"  {item['Size']:>9,} bytes  {item['Key']}")


def compare(
    console: DemoConsole,
    scenario: Scenario,
    stack: Stack,
    first_model: Path,
    report: Mapping[str, Any],
    work: Path,
) -> tuple[DemoModel, DemoModel]:
    """Compare both models on the second week, whose labels the demo knows."""
    console.start_step(
        "Check the verdict",
        "The demo knows the right intent of every message of the second week. The gate knew only "
        "what reviewers decided.",
    )
    download_model(stack, report["candidate"], work / "retrained")
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
    console.print_table(["metric on the second week", "before", "after"], rows)
    return before, after
