"""`prompt-capture prompts` lists what the store's three queries return."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from cli.main import app
from cli.prompt_table import BATCH_SIZE
from prompt_capture.bootstrap import stores
from prompt_capture.domain.changes import Correction, Outcome
from prompt_capture.domain.errors import StoreUnavailable
from prompt_capture.domain.log_ids import new_log_id
from prompt_capture.domain.prompts import CapturedPrompt, ReviewablePrompt
from tests.fakes.prompt_store import InMemoryPromptStore
from training.data.reading import read_examples

ROOT = Path(__file__).parents[2]
USER = uuid4()
SELECTIONS = ("--low-confidence", "--failed", "--for-retraining")


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> InMemoryPromptStore:
    store = InMemoryPromptStore([USER], ["reminder", "status"])
    use(monkeypatch, store)
    return store


def use(monkeypatch: pytest.MonkeyPatch, store: InMemoryPromptStore) -> None:
    monkeypatch.setattr(stores, "service_store", lambda timeout_seconds: store)


def log(
    store: InMemoryPromptStore, text: str = "hm", confidence: float = 0.5, **fields: Any
) -> UUID:
    """Store a prompt and return its id."""
    prompt = CapturedPrompt(
        id=new_log_id(),
        user_id=USER,
        prompt=text,
        predicted_intent=fields.pop("predicted_intent", "status"),
        confidence=confidence,
        source="model",
        model_version="test-1",
    )
    asyncio.run(store.log_prompt(prompt))
    return prompt.id


def log_failure(store: InMemoryPromptStore, text: str, error: str) -> UUID:
    log_id = log(store, text, 0.9)
    outcome = Outcome(was_successful=False, workflow_type="send_email", execution_error=error)
    asyncio.run(store.update_prompt_log_outcome(log_id, outcome))
    return log_id


def list_prompts(*options: str) -> Result:
    return CliRunner().invoke(app, ["prompts", *options], env={"COLUMNS": "80"})


def read_json(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize("options", [(), SELECTIONS[:2], SELECTIONS[1:], SELECTIONS])
def test_exactly_one_selection_is_required(options: tuple[str, ...]) -> None:
    result = list_prompts(*options)

    assert result.exit_code == 2
    assert "exactly one of --low-confidence, --failed and --for-retraining" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--failed", "--threshold", "0.5"), "--threshold is not for --failed"),
        (("--low-confidence", "--threshold", "1.1"), "from 0 to 1"),
        (("--low-confidence", "--threshold", "nan"), "from 0 to 1"),
        (("--failed", "--days", "0"), "from 1 to 3650"),
        (("--failed", "--days", "1000000"), "from 1 to 3650"),
        (("--failed", "--limit", "-1"), "greater than or equal to 0"),
    ],
)
def test_invalid_options_are_a_usage_error(options: tuple[str, ...], message: str) -> None:
    result = list_prompts(*options)

    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_low_confidence_lists_uncorrected_prompts_below_the_threshold(
    store: InMemoryPromptStore,
) -> None:
    low, high = log(store, "low", 0.699), log(store, "high", 0.7)
    corrected = log(store, "corrected", 0.1)
    correction = Correction(corrected_intent="reminder", corrected_by="grace")
    asyncio.run(store.add_prompt_correction(corrected, correction))

    result = list_prompts("--low-confidence")

    assert result.exit_code == 0
    for shown in ("low", str(low), "status", "0.699", f"{datetime.now(UTC):%Y-%m-%d}", "1 prompt."):
        assert shown in result.stdout
    assert str(high) not in result.stdout
    assert str(corrected) not in result.stdout
    assert str(high) in list_prompts("--low-confidence", "--threshold", "0.8").stdout


def test_failed_lists_the_workflow_and_its_error(store: InMemoryPromptStore) -> None:
    failed = log_failure(store, "mail it", "The mail server does not respond.")
    log(store, "no outcome yet")

    result = list_prompts("--failed")

    for shown in ("mail it", str(failed), "send_email", "The mail server does not", "1 prompt."):
        assert shown in result.stdout
    assert "no outcome yet" not in result.stdout


def test_for_retraining_lists_the_label_and_whether_it_was_corrected(
    store: InMemoryPromptStore,
) -> None:
    log(store, "confident", 0.86)
    log(store, "uncertain", 0.85)
    corrected = log(store, "corrected", 0.1)
    correction = Correction(corrected_intent="reminder", corrected_by="grace")
    asyncio.run(store.add_prompt_correction(corrected, correction))

    result = list_prompts("--for-retraining")

    lines = result.stdout.splitlines()
    rows = [line.split() for line in lines[3:-2]]
    assert [rows[0], rows[2]] == [
        ["confident", "status", "0.860"],
        ["corrected", "reminder", "0.100"],
    ]
    assert [rows[1][-1], rows[3][-1]] == ["no", "yes"]
    assert lines[-1] == "2 prompts."
    assert "uncertain" in list_prompts("--for-retraining", "--threshold", "0.8").stdout


@pytest.mark.parametrize(("stated", "shown"), [((), "none"), (("status", "help"), "status, help")])
def test_for_retraining_lists_the_secondary_intents_that_reviewers_stated(
    store: InMemoryPromptStore, stated: tuple[str, ...], shown: str
) -> None:
    corrected = log(store, "do both", 0.1)
    correction = Correction(
        corrected_intent="reminder", corrected_secondary_intents=(), corrected_by="grace"
    )
    row = store.rows[corrected]
    row.correction = correction.model_copy(update={"corrected_secondary_intents": stated})

    lines = list_prompts("--for-retraining").stdout.splitlines()

    assert "Secondary intents" in lines[2]
    assert lines[5].strip() == shown
    (as_json,) = read_json(list_prompts("--for-retraining", "--json"))
    assert as_json["corrected_secondary_intents"] == list(stated)


def test_days_excludes_older_prompts(store: InMemoryPromptStore) -> None:
    old, new = log(store, "old"), log(store, "new")
    store.rows[old].created_at = datetime.now(UTC) - timedelta(days=7, minutes=1)

    assert [row["id"] for row in read_json(list_prompts("--low-confidence", "--json"))] == [
        str(old),
        str(new),
    ]
    (row,) = read_json(list_prompts("--low-confidence", "--json", "--days", "7"))
    assert row["id"] == str(new)


def test_a_table_has_at_most_50_prompts_unless_a_limit_is_given(store: InMemoryPromptStore) -> None:
    for number in range(51):
        log(store, f"text-{number:03}")

    first = list_prompts("--low-confidence").stdout
    assert first.count("text-") == 50
    assert first.splitlines()[-1] == (
        "50 prompts, and more match. For all: --limit 0. For recent: --days N."
    )
    few = list_prompts("--low-confidence", "--limit", "2").stdout
    assert few.count("text-") == 2
    for limit in ("0", "51"):
        complete = list_prompts("--low-confidence", "--limit", limit).stdout
        assert complete.count("text-") == 51
        assert complete.splitlines()[-1] == "51 prompts."


def test_batches_of_a_table_share_one_heading_and_the_same_columns(
    store: InMemoryPromptStore,
) -> None:
    for number in range(BATCH_SIZE + 1):
        log(store, f"text-{number:03}")

    lines = list_prompts("--low-confidence", "--limit", "0").stdout.splitlines()

    assert sum("Confidence" in line for line in lines) == 1
    assert len({line.index("status") for line in lines if "status" in line}) == 1


def test_a_table_fits_80_columns_and_crops_texts(store: InMemoryPromptStore) -> None:
    log_failure(store, "a long prompt " * 200, "a long error " * 500)
    log(store, "早く" * 100, predicted_intent="an_intent_with_a_very_long_name")

    for selection in ("--failed", "--low-confidence"):
        lines = list_prompts(selection).stdout.splitlines()
        assert max(map(cell_len, lines)) <= 80
        assert any("…" in line for line in lines)
    assert str(next(iter(store.rows))) in list_prompts("--failed").stdout


def test_json_has_one_complete_object_per_line(store: InMemoryPromptStore) -> None:
    text = "a long prompt, with a ü and\na line break " * 50
    failed = log_failure(store, text, "The mail server does not respond.")

    (row,) = read_json(list_prompts("--failed", "--json"))

    assert row.pop("created_at").endswith("Z")
    assert row == {
        "id": str(failed),
        "prompt": text,
        "predicted_intent": "status",
        "confidence": 0.9,
        "workflow_type": "send_email",
        "execution_error": "The mail server does not respond.",
    }
    (labelled,) = read_json(list_prompts("--for-retraining", "--json"))
    assert labelled.keys() - row.keys() == {
        "created_at", "corrected_intent", "corrected_secondary_intents", "label",
    }  # fmt: skip
    assert (labelled["label"], labelled["corrected_intent"]) == ("status", None)


def test_json_for_retraining_is_read_by_training_with_the_origin_of_its_labels(
    store: InMemoryPromptStore, tmp_path: Path
) -> None:
    log(store, "how far is it", 0.9)
    corrected = log(store, "remind me", 0.9)
    correction = Correction(corrected_intent="reminder", corrected_by="ada")
    asyncio.run(store.add_prompt_correction(corrected, correction))
    file = tmp_path / "labels.jsonl"
    file.write_text(list_prompts("--for-retraining", "--json").stdout)

    predicted, reviewed = read_examples([file])

    assert (predicted.text, predicted.label) == ("how far is it", "status")
    assert (reviewed.text, reviewed.label) == ("remind me", "reminder")
    assert [each.origin for each in (predicted, reviewed)] == ["predicted", "reviewed"]
    assert not (predicted.is_fair)
    assert not (reviewed.is_fair)


def test_json_lists_everything_unless_a_limit_is_given(store: InMemoryPromptStore) -> None:
    for _ in range(60):
        log(store)

    assert len(read_json(list_prompts("--low-confidence", "--json"))) == 60
    assert len(read_json(list_prompts("--low-confidence", "--json", "--limit", "0"))) == 60
    assert len(read_json(list_prompts("--low-confidence", "--json", "--limit", "7"))) == 7


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--low-confidence",), "No uncorrected prompts have a confidence below 0.7."),
        (("--failed", "--days", "7"), "No workflow failed in the last 7 days."),
        (("--for-retraining",), "No prompts are corrected or have a confidence above 0.85."),
    ],
)
@pytest.mark.usefixtures("store")
def test_an_empty_list_is_reported_and_is_no_failure(
    options: tuple[str, ...], message: str
) -> None:
    table, as_json = list_prompts(*options), list_prompts(*options, "--json")

    assert (table.exit_code, table.stdout) == (0, f"{message}\n")
    assert (as_json.exit_code, as_json.stdout, as_json.stderr) == (0, "", f"{message}\n")


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_store_that_cannot_be_reached_is_an_error(
    store: InMemoryPromptStore, options: tuple[str, ...]
) -> None:
    store.is_reachable = False

    result = list_prompts("--failed", *options)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1


def test_missing_settings_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUPABASE_URL", raising=False)

    result = list_prompts("--failed")

    assert result.exit_code == 1
    assert "SUPABASE_URL" in result.stderr


HOSTILE = "\x1b[2J\x1b]0;title\x07 \x9b31m \u202egnp\u200b [red]markup[/red] [/] :bomb:\r\n\x7f end"


def test_control_characters_and_markup_are_shown_as_text(store: InMemoryPromptStore) -> None:
    log_failure(store, HOSTILE, HOSTILE)

    for options in (("--failed",), ("--for-retraining",), ("--failed", "--json")):
        result = list_prompts(*options)
        assert result.exit_code == 0
        assert all(line.isprintable() for line in result.stdout.splitlines())
    assert "[red]markup[/red]" in list_prompts("--failed").stdout
    (row,) = read_json(list_prompts("--failed", "--json"))
    assert (row["prompt"], row["execution_error"]) == (HOSTILE, HOSTILE)


class EndlessStore(InMemoryPromptStore):
    """A store with an endless number of uncertain prompts, or with `rows_before_outage`."""

    rows_before_outage: int | None = None
    interrupted = False

    async def get_low_confidence_prompts(
        self, threshold: float = 0.7, since: datetime | None = None
    ) -> AsyncIterator[ReviewablePrompt]:
        number = 0
        while number != self.rows_before_outage:
            if number % 1_000 == 0:
                await asyncio.sleep(0)  # as for the next page
            yield ReviewablePrompt(
                id=uuid4(),
                prompt=f"text-{number}",
                predicted_intent="status",
                confidence=0.1,
                created_at=datetime.now(UTC),
            )
            number += 1
        if self.interrupted:
            raise KeyboardInterrupt
        raise StoreUnavailable("The store did not respond.")


@pytest.mark.parametrize(
    ("options", "printed"), [(("--json",), 150), (("--limit", "0"), BATCH_SIZE)]
)
def test_prompts_are_printed_while_the_store_is_read(
    monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], printed: int
) -> None:
    store = EndlessStore([], [])
    store.rows_before_outage = 150
    use(monkeypatch, store)

    result = list_prompts("--low-confidence", *options)

    assert result.exit_code == 1
    assert result.stdout.count("text-") == printed


def test_ctrl_c_ends_without_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    store = EndlessStore([], [])
    store.rows_before_outage, store.interrupted = 1, True
    use(monkeypatch, store)

    result = list_prompts("--low-confidence", "--json")

    assert (result.exit_code, result.stderr) == (130, "")
    assert result.stdout.count("\n") == 1


ENDLESS = """
import sys
from cli.main import app
from prompt_capture.bootstrap import stores
from tests.unit.test_prompts_command import EndlessStore
stores.service_store = lambda timeout_seconds: EndlessStore([], [])
app(["prompts", "--low-confidence", *sys.argv[1:]])
"""


@pytest.mark.parametrize("options", ["--json", "--limit 0"])
def test_a_closed_pipe_ends_without_a_message(options: str) -> None:
    ended = subprocess.run(
        ["bash", "-c", f'"$0" -c "$1" {options} | head -3', sys.executable, ENDLESS],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=ROOT,
    )

    assert ended.stderr == ""
    assert len(ended.stdout.splitlines()) == 3


@pytest.mark.parametrize("options", [("--json",), ("--limit", "0")])
def test_ctrl_c_ends_a_long_list_without_a_message(options: tuple[str, ...]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()

    assert (process.returncode, errors) == (130, b"")
