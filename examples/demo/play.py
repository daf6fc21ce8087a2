"""The demo's acts, in order."""

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from rich.panel import Panel

from examples.demo.assistant import Answered, Assistant
from examples.demo.learning import Compared, compare, export, fit, newly_right, retrain
from examples.demo.privacy import questions
from examples.demo.scenario import SHIPPED_MODEL, Scenario
from examples.demo.stage import Stage, shorten
from infra.local.stack import Stack


def play(stage: Stage, scenario: Scenario) -> None:
    """Play the whole loop; what it makes is gone at the end."""
    stage.say(f"[bold]Prompt Capture[/bold]  {scenario.title}")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        first_model = _first_model(stage, scenario, work)
        settings = {"MODEL_DIR": str(first_model)}
        if scenario.first_training is not None:
            settings["RULES_FILE"] = ""
        with Stack(overrides={"classify-and-log": settings}) as stack:
            _tell_the_loop(stage, scenario, stack, first_model, work)


def _first_model(stage: Stage, scenario: Scenario, work: Path) -> Path:
    if scenario.first_training is None:
        return SHIPPED_MODEL
    stage.act(
        "A first model",
        f"Trained on a tenth of the file ({len(scenario.first_training):,} texts), "
        "as a product starts out.",
    )
    fit(stage, list(scenario.first_training), work / "first", "first")
    return work / "first"


def _tell_the_loop(
    stage: Stage, scenario: Scenario, stack: Stack, first_model: Path, work: Path
) -> None:
    assistant = _people(stage, scenario, stack)
    answered = _traffic(stage, scenario, assistant)
    _outcomes(stage, assistant, answered)
    _privacy(stage, stack, assistant)
    corrected = _review(stage, scenario, assistant, answered)
    dataset = _exports(stage, stack)
    before, after = _learn(stage, scenario, first_model, dataset, work)
    _serve_the_better_model(stage, scenario, assistant, before, after)
    _summary(stage, scenario, answered, corrected, before, after)


def _people(stage: Stage, scenario: Scenario, stack: Stack) -> Assistant:
    stage.act(
        "The stack is up",
        "PostgreSQL with the migrations, PostgREST, an S3 server, and four functions under the "
        "real Lambda runtime client, all on this machine.",
    )
    stack.warm()
    _add_to_catalogue(stack, {example.label for example in scenario.traffic})
    users = [stack.create_user(f"{name}@example.com") for name in ("ada", "ben", "cleo")]
    stage.say("Three users signed up, ada, ben and cleo, and grace, who reviews.")
    return Assistant(stack, users, stack.create_reviewer("grace@example.com"))


def _add_to_catalogue(stack: Stack, labels: set[str]) -> None:
    with psycopg.connect(stack.postgres_dsn) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into public.intent_catalogue (intent, domain, description) "
            "values (%s, 'demo', 'From the file that the demo was given.') on conflict do nothing",
            [(label,) for label in sorted(labels)],
        )


def _traffic(stage: Stage, scenario: Scenario, assistant: Assistant) -> list[Answered]:
    stage.act(
        "Messages come in",
        f"{len(scenario.traffic):,} messages over HTTP: classified, captured, answered.",
    )
    if scenario.left_out:
        stage.say(f"({scenario.left_out:,} more are left out for time; --limit changes that.)")
    with stage.progress("Sending", len(scenario.traffic)) as advance:
        answered = assistant.send(scenario.traffic, advance)
    answers = [item.answer for item in answered]
    by = Counter(answer["source"] for answer in answers)
    captured = Counter(answer["captured"] for answer in answers)
    times = [item.milliseconds for item in answered]
    stage.table(
        ["what", "messages"],
        [
            ("answered by a rule", by["rule"]),
            ("answered by the model", by["model"]),
            ("with a second intent", sum(bool(answer["secondary_intents"]) for answer in answers)),
            ("a person should look", sum(answer["needs_review"] for answer in answers)),
            ("stored", captured["stored"]),
            ("lost", captured["lost"]),
        ],
    )
    stage.say(
        f"Half were answered within {np.percentile(times, 50):.0f} ms, "
        f"95 of 100 within {np.percentile(times, 95):.0f} ms, four at a time."
    )
    stage.table(["message", "intent", "confidence"], _samples(answered))
    return answered


def _samples(answered: Sequence[Answered]) -> list[list[object]]:
    """One message of each kind: by a rule, by the model, with two intents, to be looked at."""
    kinds: list[Callable[[dict[str, Any]], bool]] = [
        lambda answer: answer["source"] == "rule",
        lambda answer: answer["source"] == "model" and not answer["needs_review"],
        lambda answer: bool(answer["secondary_intents"]),
        lambda answer: bool(answer["needs_review"]),
    ]
    found = (next((item for item in answered if kind(item.answer)), None) for kind in kinds)
    return [
        [shorten(item.example.text, 44), _intents(item.answer), item.answer["confidence"]]
        for item in found
        if item
    ]


def _intents(answer: dict[str, Any]) -> str:
    return " + ".join(
        [answer["intent"], *(other["intent"] for other in answer["secondary_intents"])]
    )


def _outcomes(stage: Stage, assistant: Assistant, answered: Sequence[Answered]) -> None:
    stage.act(
        "Workflows run",
        "A stand-in for the product acts on each intent and reports how it went; it can only "
        "succeed where the intent was right.",
    )
    with stage.progress("Recording", len(answered)) as advance:
        assistant.record_outcomes(answered, advance)
    failed = sum(not item.is_right for item in answered)
    stage.say(f"{len(answered) - failed:,} succeeded, {failed:,} failed.")


def _privacy(stage: Stage, stack: Stack, assistant: Assistant) -> None:
    stage.act(
        "Whose words are they?",
        "The same table through Supabase's own API, asked by different people.",
    )
    stage.table(["who", "asks for", "answer"], questions(stack, assistant.users))


def _review(
    stage: Stage, scenario: Scenario, assistant: Assistant, answered: Sequence[Answered]
) -> dict[str, str]:
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


def _exports(stage: Stage, stack: Stack) -> bytes:
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


def _learn(
    stage: Stage, scenario: Scenario, first_model: Path, dataset: bytes, work: Path
) -> tuple[Compared, Compared]:
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


def _serve_the_better_model(
    stage: Stage, scenario: Scenario, assistant: Assistant, before: Compared, after: Compared
) -> None:
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


def _summary(
    stage: Stage,
    scenario: Scenario,
    answered: Sequence[Answered],
    corrected: dict[str, str],
    before: Compared,
    after: Compared,
) -> None:
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
