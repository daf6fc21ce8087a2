"""`prompt-capture models`: what operators see and do on the command line."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from cli.model_remarks import remarks_on
from prompt_capture.domain.evaluation import NewVerdict
from prompt_capture.domain.splits import OutcomeGroup
from prompt_capture.workflows.models.decisions import decision_of
from tests.fakes.model_registry import InMemoryModelRegistry
from tests.fakes.prompt_store import InMemoryPromptStore
from tests.unit.registered_models import make_folder, new_model, use_registry

INTENTS = ("reminder", "reschedule", "unknown")
WHY = ("--reason", "better on the audit", "--operator", "grace")
FORCED = ("--force", *WHY)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> InMemoryModelRegistry:
    registry = InMemoryModelRegistry(INTENTS)
    store = InMemoryPromptStore([], INTENTS)
    use_registry(monkeypatch, registry, store)
    monkeypatch.setenv("MODELS_BUCKET", str(tmp_path / "bucket"))
    return registry


def register(registry: InMemoryModelRegistry, *versions: str) -> None:
    for version in versions:
        asyncio.run(registry.register(new_model(version), decision_of("ada", "trained")))


def run(*arguments: str, columns: int = 120) -> Result:
    return CliRunner().invoke(app, ["models", *arguments], env={"COLUMNS": str(columns)})


def succeed(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def read_json(*arguments: str) -> Any:
    return json.loads(succeed(*arguments, "--json"))


def test_models_are_listed_with_the_one_that_serves(registry: InMemoryModelRegistry) -> None:
    assert succeed("list") == "\n0 models.\nServing: the packaged model\n"
    register(registry, "assistant-1", "assistant-2")
    succeed("promote", "assistant-1", *FORCED)

    lines = succeed("list").splitlines()

    assert lines[0].split() == [
        *("Version", "State", "Trained", "Accuracy", "Registered", "(UTC)", "By"),
    ]
    assert lines[1].split()[:5] == ["assistant-2", "candidate", "head", "93.0%", "(audited)"]
    assert lines[2].split()[:2] == ["assistant-1", "champion"]
    assert lines[-2:] == ["2 models.", "Serving: assistant-1"]
    as_json = [json.loads(line) for line in succeed("list", "--json").splitlines()]
    assert [model["state"] for model in as_json] == ["candidate", "champion"]


def test_a_long_list_says_how_to_see_all_of_it(registry: InMemoryModelRegistry) -> None:
    register(registry, *(f"assistant-{number}" for number in range(5)))

    assert "The newest 2 of 5 models. For all: --limit 0." in succeed("list", "--limit", "2")
    assert len(succeed("list", "--limit", "2", "--json").splitlines()) == 2
    assert len(succeed("list", "--limit", "0", "--json").splitlines()) == 5


def test_a_model_is_shown_with_its_origin_and_its_events(registry: InMemoryModelRegistry) -> None:
    register(registry, "assistant-1")
    succeed("promote", "assistant-1", *FORCED)

    shown = succeed("show", "assistant-1")

    for text in ("head, seed 0", "27.0 MB", "p50 0.2 ms", "audited, 500 messages", "s3://models"):
        assert text in shown
    assert "better on the audit" in shown
    assert [event["kind"] for event in read_json("show", "assistant-1")["events"]] == [
        "promoted",
        "registered",
    ]


def test_decisions_say_what_they_changed(registry: InMemoryModelRegistry) -> None:
    register(registry, "assistant-1", "assistant-2")

    assert succeed("promote", "assistant-1", *FORCED) == (
        "assistant-1 serves from now on; before, the packaged model did. "
        "No verdict supported it: it was forced.\n"
    )
    assert succeed("promote", "assistant-1", *FORCED) == "assistant-1 is the champion already.\n"
    succeed("promote", "assistant-2", *FORCED)
    assert succeed("rollback", *WHY) == "In place of assistant-2, assistant-1 serves again.\n"
    assert succeed("quarantine", "assistant-1", *WHY) == "assistant-1 will not serve any more.\n"
    assert succeed("quarantine", "assistant-1", *WHY) == "assistant-1 is quarantined already.\n"
    assert "Serving: the packaged model" in succeed("list")


def test_a_rollback_that_names_the_champion_can_be_repeated(
    registry: InMemoryModelRegistry,
) -> None:
    register(registry, "assistant-1", "assistant-2")
    for version in ("assistant-1", "assistant-2"):
        succeed("promote", version, *FORCED)

    for _ in range(2):
        assert succeed("rollback", "--from", "assistant-2", *WHY) == (
            "In place of assistant-2, assistant-1 serves again.\n"
        )
    assert "not the champion" in run("rollback", "--from", "assistant-3", *WHY).stderr


def test_decisions_print_their_event_as_json(registry: InMemoryModelRegistry) -> None:
    register(registry, "assistant-1")

    event = read_json("promote", "assistant-1", *FORCED)["event"]

    assert (event["kind"], event["actor"], event["reason"]) == (
        "promoted",
        "grace",
        "better on the audit",
    )
    assert read_json("promote", "assistant-1", *FORCED) == {"event": None}


def test_a_model_without_a_verdict_is_promoted_by_force_alone(
    registry: InMemoryModelRegistry,
) -> None:
    register(registry, "assistant-1")

    refused = run("promote", "assistant-1", *WHY)

    assert refused.exit_code == 1
    assert "No verdict supports the promotion" in " ".join(refused.stderr.split())
    assert "Serving: the packaged model" in succeed("list")
    event = read_json("promote", "assistant-1", *FORCED)["event"]
    assert event["evidence"] == {"forced": True}


def test_a_verdict_promotes_without_force(registry: InMemoryModelRegistry) -> None:
    register(registry, "assistant-1")
    verdict = NewVerdict(
        version="assistant-1", champion=None, decision="promote", looks_before=0, evidence={}
    )
    asyncio.run(registry.record_verdict(verdict, decision_of("ada", "the evidence of May")))

    printed = succeed("promote", "assistant-1", *WHY)

    assert printed == "assistant-1 serves from now on; before, the packaged model did.\n"
    assert "verdict: promote" in succeed("history")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("promote", "assistant-9", *WHY), "no model with this version"),
        (("show", "assistant-9"), "no model with this version"),
        (("history", "assistant-9"), "no model with this version"),
        (("rollback", *WHY), "packaged model serves"),
    ],
)
def test_what_cannot_be_done_ends_with_its_reason(
    registry: InMemoryModelRegistry, arguments: tuple[str, ...], problem: str
) -> None:
    result = run(*arguments)

    assert (result.exit_code, result.stdout) == (1, "")
    assert problem in result.stderr


def test_an_outage_during_a_rollback_says_that_it_may_have_taken_place(
    registry: InMemoryModelRegistry,
) -> None:
    registry.is_reachable = False

    result = run("rollback", *WHY)

    assert result.exit_code == 1
    assert "may have taken place" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [("promote", "assistant-1"), ("rollback",), ("quarantine", "assistant-1"), ("publish", ".")],
)
def test_every_decision_needs_a_reason(
    registry: InMemoryModelRegistry, arguments: tuple[str, ...]
) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert "--reason" in result.stderr


@pytest.mark.parametrize("name", ["legacy", "erased-0123", "x" * 201])
def test_a_name_that_the_ledger_refuses_is_refused_at_once(
    registry: InMemoryModelRegistry, name: str
) -> None:
    result = run("rollback", "--reason", "worse", "--operator", name)

    assert result.exit_code == 2
    assert "--operator" in result.stderr


def test_the_operator_is_the_user_of_the_machine_unless_it_is_named(
    registry: InMemoryModelRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(registry, "assistant-1")
    monkeypatch.setenv("LOGNAME", "hopper")

    event = read_json("promote", "assistant-1", "--force", "--reason", "better")["event"]

    assert event["actor"] == "hopper"


def test_the_history_says_who_decided_what_and_why(registry: InMemoryModelRegistry) -> None:
    register(registry, "assistant-1", "assistant-2")
    succeed("promote", "assistant-1", *FORCED)
    succeed("rollback", "--reason", "more\ncorrections[/b]\x1b[31m", "--operator", "ada")

    lines = succeed("history").splitlines()

    assert "rolled_back" in lines[1]
    assert "the packaged model" in lines[1]
    assert lines[1].rstrip().endswith(" more corrections[/b]\N{REPLACEMENT CHARACTER}[31m")
    assert lines[-1] == "4 events."
    kinds = [json.loads(line)["kind"] for line in succeed("history", "--json").splitlines()]
    assert kinds == ["rolled_back", "promoted", "registered", "registered"]
    assert "promoted, forced" in lines[2]
    assert "1 event." in succeed("history", "assistant-2")


def test_the_history_says_what_served_at_a_time_and_why(
    registry: InMemoryModelRegistry,
) -> None:
    register(registry, "assistant-1")
    before = datetime.now(UTC).isoformat()
    succeed("promote", "assistant-1", *FORCED)
    after = datetime.now(UTC).isoformat()

    assert "the packaged model served" in succeed("history", "--at", before)
    served = succeed("history", "--at", after)
    assert "assistant-1 served. It was promoted at" in served
    assert "by grace, in place of the packaged model." in served
    assert "Reason: better on the audit" in served
    assert "accuracy 0.93" in served

    record = read_json("history", "--at", after)
    assert record["model"]["address"]["version"] == "assistant-1"
    assert record["event"]["reason"] == "better on the audit"
    assert read_json("history", "--at", before)["event"] is None


@pytest.mark.parametrize("time", ["2026-11-03T12:00Z", "2026-11-03T12:00", "2026-11-03"])
def test_a_time_without_a_zone_is_in_utc(registry: InMemoryModelRegistry, time: str) -> None:
    assert read_json("history", "--at", time)["at"].endswith("00:00Z")


@pytest.mark.parametrize(
    "arguments", [("--at", "yesterday"), ("assistant-1", "--at", "2026-11-03")]
)
def test_a_wrong_time_is_refused(
    registry: InMemoryModelRegistry, arguments: tuple[str, ...]
) -> None:
    result = run("history", *arguments)

    assert result.exit_code == 2
    assert "--at" in result.stderr


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that is taken for a checked model."""
    folder = make_folder(tmp_path / "model", sample="seed")
    monkeypatch.setattr("prompt_capture.bootstrap.publishing.model_folder", lambda _: folder)
    return tmp_path / "model"


def test_publishing_registers_a_candidate_and_says_how_to_serve_it(
    registry: InMemoryModelRegistry, model: Path
) -> None:
    result = run("publish", str(model), *WHY)

    assert result.exit_code == 0, result.output
    assert "Published assistant-1 as a candidate (29 new bytes)." in result.stdout
    assert "To serve it: prompt-capture models promote assistant-1" in result.stdout
    assert "stand on seed examples alone" in " ".join(result.stderr.split())
    assert "Serving: the packaged model" in succeed("list")


def test_publishing_may_promote_at_once(registry: InMemoryModelRegistry, model: Path) -> None:
    printed = read_json("publish", str(model), "--promote", *FORCED)

    assert (printed["address"]["version"], printed["new_bytes"]) == ("assistant-1", 29)
    assert printed["promotion"]["kind"] == "promoted"
    assert "is the champion already" in succeed("publish", str(model), "--promote", *FORCED)


def test_a_folder_without_a_model_is_refused_and_nothing_is_registered(
    registry: InMemoryModelRegistry, tmp_path: Path
) -> None:
    result = run("publish", str(tmp_path), *WHY)

    assert (result.exit_code, result.stdout) == (1, "")
    assert "manifest.json cannot be read" in result.stderr
    assert "0 models." in succeed("list")


@pytest.mark.parametrize(
    ("labels", "sample", "remark"),
    [
        (("reminder", "reschedule"), "audited", None),
        (("reminder", "reschedule", "unknown", "oos"), "audited", None),
        (("reminder", "reschedule", "party"), "audited", "The catalogue lacks labels"),
        (("reminder",), "audited", "never predicts intents of the catalogue: reschedule."),
        (("reminder", "reschedule"), "seed", "stand on seed examples alone"),
        (("reminder", "reschedule"), None, "no metrics"),
    ],
)
def test_a_publisher_is_told_what_is_unusual_about_a_model(
    tmp_path: Path, labels: tuple[str, ...], sample: str | None, remark: str | None
) -> None:
    remarks = list(remarks_on(make_folder(tmp_path, labels=labels, sample=sample), INTENTS))

    if remark is None:
        assert remarks == []
    else:
        [only] = remarks
        assert remark in only


def test_a_split_is_started_shown_and_stopped(registry: InMemoryModelRegistry) -> None:
    register(registry, "assistant-1", "assistant-2")
    assert succeed("split", "status") == "There was no split.\n"
    assert read_json("split", "status") == {"split": None}
    succeed("promote", "assistant-1", *FORCED)

    command = ("split", "assistant-2", "--share", "0.1", *WHY)
    assert succeed(*command) == "assistant-2 answers 10% of the users.\n"
    assert succeed(*command) == "assistant-2 has that share already.\n"
    status = succeed("split", "status")
    assert "assistant-2 answers 10% of the users in place of" in status
    assert "no outcomes" in status
    assert succeed("split", "stop", *WHY) == "assistant-2 answers nobody in a split any more.\n"
    assert succeed("split", "stop", *WHY) == "No split is under way.\n"
    assert "when grace stopped it" in succeed("split", "status")


def test_the_status_of_a_split_says_what_its_outcomes_show(
    registry: InMemoryModelRegistry,
) -> None:
    register(registry, "assistant-1", "assistant-2")
    succeed("split", "assistant-2", "--share", "0.5", *WHY)
    registry.groups = tuple(
        OutcomeGroup(arm=arm, users=300, outcomes=10, successes=successes)
        for arm, successes in (("champion", 9), ("challenger", 5))
    )

    status = succeed("split", "status")

    for text in (
        "the packaged model",
        "champion    90.0% of 3,000 outcomes succeeded (300 users)",
        "difference  -40.0 points, at most -",
        "ICC         0.000",
        "To find a loss of 2 points with a probability of 80%:",
        "The challenger does harm",
    ):
        assert text in status
    split = read_json("split", "status")["split"]
    assert (split["shows_harm"], split["challenger"]["users"]) == (True, 300)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("assistant-1", "--share", "0.1"), "--reason"),
        (("assistant-1", *WHY), "--share 0.1"),
        (("assistant-1", "--share", "0", *WHY), "--share 0.1"),
        (("assistant-1", "--share", "1", *WHY), "--share 0.1"),
        (("stop", "--share", "0.1", *WHY), "no --share"),
        (("stop",), "--reason"),
        (("status", "--share", "0.1"), "neither"),
    ],
)
def test_a_split_that_lacks_something_says_what(
    registry: InMemoryModelRegistry, arguments: tuple[str, ...], problem: str
) -> None:
    result = run("split", *arguments)

    assert result.exit_code == 2
    assert problem in result.output
