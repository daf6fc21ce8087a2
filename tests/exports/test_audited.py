"""Audited datasets hold no test text, and only tiers whose precision an audit confirmed."""

import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from prompt_capture.adapters.local_datasets import LocalDatasetStore
from prompt_capture.domain.changes import Correction, Outcome
from prompt_capture.domain.datasets.audits import Precision, wilson_interval
from prompt_capture.domain.datasets.lines import split_of
from prompt_capture.domain.datasets.manifest import Manifest
from prompt_capture.domain.datasets.near_duplicates import MIN_SIMILARITY, NearDuplicateIndex
from prompt_capture.domain.datasets.requests import ExportRequest
from prompt_capture.domain.log_ids import new_log_id
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.text import NORMAL_FORM_VERSION, canonical_text
from prompt_capture.workflows.exports.export import ExportDataset
from tests.exports.simulation import read_lines
from tests.fakes.export_source import InMemoryExports, audit_result
from tests.fakes.prompt_store import InMemoryPromptStore
from training.data.reading import read_with_training_splits
from training.data.remarks import Remarks
from training.data.sources import DataSource

INTENTS = ("status", "reminder")
USERS = [uuid4() for _ in range(4)]


class ExportScenario:
    """A store whose messages are exported to a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = InMemoryPromptStore(USERS, (*INTENTS, "email"))
        self.source = InMemoryExports(self.store, page_rows=3)

    async def log(self, text: str, intent: str = "status", **fields: Any) -> CapturedPrompt:
        """Capture a message of the user with the index `user`, from 0 to 3."""
        prompt = CapturedPrompt(
            id=new_log_id(),
            user_id=USERS[fields.pop("user", 0)],
            prompt=text,
            predicted_intent=intent,
            model_version="test-1",
            **({"confidence": 0.9, "source": "model"} | fields),
        )
        await self.store.log_prompt(prompt)
        return prompt

    async def log_labelled(
        self, text: str, intent: str, *secondary: str, is_stated: bool = False, **fields: Any
    ) -> CapturedPrompt:
        """Capture a message and its correction by a reviewer.

        `is_stated`: the correction states the secondary intents, or that there are none.
        """
        prompt = await self.log(text, **fields)
        correction = Correction(
            corrected_intent=intent,
            corrected_secondary_intents=secondary if secondary or is_stated else None,
            corrected_by="grace",
        )
        await self.store.add_prompt_correction(prompt.id, correction)
        return prompt

    async def export(self, **fields: Any) -> tuple[list[dict[str, Any]], Manifest]:
        """Export a dataset, and read the objects that its manifest lists."""
        event = {"mode": "retraining", "policy": "audited", "floor": 0} | fields
        export = ExportDataset(self.source, LocalDatasetStore(self.folder))
        dataset = await export(ExportRequest.from_event(event))
        manifest = Manifest.model_validate_json((self.folder / dataset.manifest).read_bytes())
        return read_lines(self.folder, manifest), manifest


@pytest.fixture
def scenario(tmp_path: Path) -> ExportScenario:
    return ExportScenario(tmp_path)


def dissimilar_texts(split: str) -> Iterator[str]:
    """Return texts of a split without near-duplicates."""
    numbers = (f"{number * 7919 % 99991:05} {number * 104729 % 99989:05}" for number in range(9999))
    return (text for text in numbers if split_of(text) == split)


async def test_few_labels_of_people_leave_no_dev_split(
    scenario: ExportScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    for split in ("train", "dev", "gold"):
        for text in islice(dissimilar_texts(split), 3):
            await scenario.log_labelled(text, "reminder")
    await scenario.export()
    (dev_folder,) = scenario.folder.rglob("split=dev")

    def read(source: Path) -> tuple[Counter[str | None], list[str]]:
        remarks = Remarks()
        located = read_with_training_splits([DataSource(source)], remarks)
        return Counter(each.example.split for each in located), list(remarks)

    splits, (remark,) = read(scenario.folder)
    assert splits == {"train": 6}
    assert "3 " in remark
    assert f"texts of the split dev train too, as people labelled fewer than {5_000:,}" in remark
    assert read(dev_folder)[0] == {"dev": 3}

    monkeypatch.setattr("training.data.dev_splits.MIN_LABELS_FOR_DEV", 6)
    assert read(scenario.folder) == ({"train": 3, "dev": 3}, [])


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["log", "log_copy", "label", "record_outcome", "export"]),
        st.integers(0, 30),
        st.sampled_from(INTENTS),
    ),
    max_size=40,
)


@given(EVENTS)
@settings(max_examples=60, deadline=None)
def test_no_text_is_in_two_splits_and_no_gold_text_is_training_data(
    events: list[tuple[str, int, str]],
) -> None:
    splits: dict[str, set[str]] = {}

    async def run_events(folder: Path) -> None:
        scenario = ExportScenario(folder)
        for kind, number, intent in [*events, ("export", 0, "status")]:
            text = f"text {number}"
            if kind == "label":
                await scenario.log_labelled(text, intent)
            elif kind == "record_outcome":
                prompt = await scenario.log(text, intent)
                outcome = Outcome(was_successful=number % 2 == 0, workflow_type="w")
                await scenario.store.update_prompt_log_outcome(prompt.id, outcome)
            elif kind == "export":
                for fields in ({"since_last": True}, {"mode": "gold"}):
                    for line in (await scenario.export(**fields))[0]:
                        splits.setdefault(canonical_text(line["text"]), set()).add(line["split"])
                        assert line["split"] == split_of(line["text"])
                        assert (line["split"] == "gold") == (fields == {"mode": "gold"})
                        assert line["split"] == "train" or line["tier"] == "person"
            else:
                await scenario.log(text if kind == "log" else f"  {text.upper()} ", intent)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run_events(Path(folder)))
    assert all(len(text_splits) == 1 for text_splits in splits.values())


@given(st.text(min_size=1, max_size=40))
def test_copies_of_a_text_are_in_the_same_split(text: str) -> None:
    assert split_of(f"  {text}\n") == split_of(text)
    assert split_of(canonical_text(text)) == split_of(text)


def test_a_tenth_is_gold_and_a_tenth_dev_in_every_version() -> None:
    splits = [split_of(f"text {number}") for number in range(10_000)]

    assert 900 < splits.count("gold") < 1100
    assert 900 < splits.count("dev") < 1100
    known = {text: split_of(text) for text in ("move it", "hello", "remind me", "what is due")}
    assert known == {
        "move it": "train", "hello": "train", "remind me": "train", "what is due": "train",
    }  # fmt: skip


@given(st.integers(1, 3000), st.floats(0, 1))
def test_the_confidence_interval_equals_scipys(audited: int, share: float) -> None:
    correct = round(audited * share)
    expected = binomtest(correct, audited).proportion_ci(method="wilson")

    lower, upper = wilson_interval(correct / audited, audited)

    assert lower == pytest.approx(expected.low, abs=1e-4)
    assert upper == pytest.approx(expected.high, abs=1e-4)


def test_precision_is_unknown_until_30_rows_were_audited() -> None:
    few = Precision.from_audits(
        [audit_result("rule", "a", 20, 20), audit_result("rule", "b", 9, 9)]
    )
    enough = Precision.from_audits(
        [audit_result("rule", "a", 20, 20), audit_result("rule", "b", 9, 10)]
    )

    assert (few.precision, str(few)) == (None, "unknown (29 of 30 rows audited)")
    assert (enough.precision, enough.ci_lower) == (0.9667, 0.8333)


async def test_a_label_comes_from_the_best_tier_of_its_text(scenario: ExportScenario) -> None:
    texts = dissimilar_texts("train")
    for tier in ("person", "outcome", "rule", "confident", "unlabelled"):
        text = next(texts)
        if tier == "person":
            await scenario.log_labelled(text, "reminder")
        prompt = await scenario.log(
            text,
            source="rule" if tier == "rule" else "model",
            confidence=0.5 if tier == "unlabelled" else 0.9,
        )
        if tier == "outcome":
            outcome = Outcome(was_successful=True, workflow_type="w")
            await scenario.store.update_prompt_log_outcome(prompt.id, outcome)

    lines, manifest = await scenario.export()

    assert {(line["tier"], line["label"], line["count"]) for line in lines} == {
        ("person", "reminder", 2), ("outcome", "status", 1), ("rule", "status", 1),
        ("confident", "status", 1),
    }  # fmt: skip
    assert manifest.excluded == {"unlabelled": 1}
    assert manifest.counts.messages == 5


async def test_the_manifest_states_the_normal_form_that_made_the_splits(
    scenario: ExportScenario,
) -> None:
    _, manifest = await scenario.export()
    before = json.loads(manifest.model_dump_json())
    del before["normal_form"]

    assert manifest.normal_form == NORMAL_FORM_VERSION
    assert Manifest.model_validate(before).normal_form == 1


async def test_a_tier_is_excluded_until_an_audit_confirms_its_precision(
    scenario: ExportScenario,
) -> None:
    texts = dissimilar_texts("train")
    for number in range(60):
        prompt = await scenario.log_labelled(next(texts), "status" if number < 57 else "reminder")
        scenario.source.audited_ids.add(prompt.id)
    await scenario.log(next(texts))
    await scenario.log(next(texts), source="rule")

    lines, manifest = await scenario.export(floor=0.85)
    strict_lines, strict_manifest = await scenario.export(floor=0.95)

    ci_lower = {line["tier"]: line["precision_ci_lower"] for line in lines}
    assert ci_lower == {
        "person": None,
        "confident": round(wilson_interval(57 / 60, 60)[0], 4),
    }
    assert set(manifest.excluded_tiers) == {"outcome", "rule"}
    assert "unknown" in manifest.excluded_tiers["rule"]
    assert {line["tier"] for line in strict_lines} == {"person"}
    assert "95.0%" in strict_manifest.excluded_tiers["confident"]
    assert strict_manifest.excluded == {"tier_below_floor": 2}


async def test_disputed_and_failed_messages_have_no_label(scenario: ExportScenario) -> None:
    texts = dissimilar_texts("train")
    disputed = await scenario.log_labelled(next(texts), "status")
    disagreement = Correction(corrected_intent="reminder", corrected_by="alan")
    await scenario.store.add_prompt_correction(disputed.id, disagreement)
    failed = await scenario.log(next(texts))
    outcome = Outcome(was_successful=False, workflow_type="w")
    await scenario.store.update_prompt_log_outcome(failed.id, outcome)
    await scenario.log(next(texts), "unknown")
    await scenario.log(next(texts), scope=0.2)

    lines, manifest = await scenario.export()

    assert lines == []
    assert manifest.excluded == {"disputed": 1, "unlabelled": 3}
    assert manifest.warnings == ("The dataset is empty: no label reaches the floor.",)


async def test_near_duplicates_of_heldout_texts_are_excluded_and_not_moved(
    scenario: ExportScenario,
) -> None:
    stem = "please move my appointment at the dentist from thursday morning to friday"
    variants = [f"{stem} {number}" for number in range(200)]
    gold = next(text for text in variants if split_of(text) == "gold")
    near = next(text for text in variants if split_of(text) == "train")
    await scenario.log_labelled(gold, "status")
    await scenario.log(near)
    await scenario.log(next(dissimilar_texts("train")))

    lines, manifest = await scenario.export()

    assert near not in {line["text"] for line in lines}
    assert len(lines) == 1
    assert manifest.excluded == {"gold_split": 1, "near_heldout": 1}


def test_near_duplicates_are_found_by_their_characters() -> None:
    index = NearDuplicateIndex(["move my dentist appointment to friday", "what is due this week?"])

    assert index.has_near_duplicate("Move my dentist appointment to Friday!")
    assert not index.has_near_duplicate("cancel everything")
    assert MIN_SIMILARITY < 1


async def test_anonymised_lines_identify_no_user_and_represent_several(
    scenario: ExportScenario,
) -> None:
    texts = dissimilar_texts("train")
    common, unique = next(texts), next(texts)
    prompts = [await scenario.log(common, user=user) for user in range(3)]
    prompts.append(await scenario.log(unique))

    (line,), manifest = await scenario.export(anonymize=True, users_per_cluster=3)

    assert (line["text"], line["count"]) == (common, 3)
    assert manifest.excluded == {"too_few_users": 1}
    assert manifest.id_type == "salted_text"
    identifiers = {str(prompt.id) for prompt in prompts} | {str(user_id) for user_id in USERS}
    assert not identifiers & {str(value) for value in line.values()}
    repeat, _ = await scenario.export(anonymize=True, users_per_cluster=3)
    assert repeat == [line]


async def test_near_duplicates_of_several_users_count_together(scenario: ExportScenario) -> None:
    for user, end in enumerate(("", "!", "?")):
        await scenario.log(f"please move my appointment at the dentist{end}", user=user)

    lines, _ = await scenario.export(anonymize=True, users_per_cluster=3)

    assert len(lines) == len(
        [end for end in ("", "!", "?")
         if split_of(f"please move my appointment at the dentist{end}") == "train"]
    )  # fmt: skip


async def test_filters_select_by_label_source_and_model_version(scenario: ExportScenario) -> None:
    texts = dissimilar_texts("train")
    await scenario.log(next(texts), "status")
    await scenario.log(next(texts), "reminder")
    await scenario.log(next(texts), "reminder", source="rule")

    assert len((await scenario.export(intents=["reminder"]))[0]) == 2
    assert len((await scenario.export(sources=["rule"]))[0]) == 1
    assert (await scenario.export(model_versions=["other"]))[0] == []


FIELDS = ("audited", "audit_probability")


@pytest.mark.parametrize("policy", ["confidence", "audited"])
async def test_a_line_says_whether_its_label_comes_from_a_completed_audit(
    scenario: ExportScenario, policy: str
) -> None:
    texts = dissimilar_texts("train")
    drawn, unsure, waiting = next(texts), next(texts), next(texts)
    for _ in range(2):
        audited = await scenario.log(drawn)
    scenario.source.audited_ids.add(audited.id)
    correction = Correction(corrected_intent="reminder", corrected_by="grace")
    await scenario.store.add_prompt_correction(audited.id, correction)
    await scenario.log_labelled(unsure, "status", confidence=0.5)

    lines, manifest = await scenario.export(policy=policy)

    # The text of two messages is in the audit unless neither is drawn: 1 - 0.95 * 0.95.
    marks = {line["text"]: tuple(line[name] for name in FIELDS) for line in lines}
    assert marks == {drawn: (True, 0.0975), unsure: (False, None)}
    assert {line["text"]: line["tier"] for line in lines} == dict.fromkeys(marks, "person")
    assert manifest.counts.audited == (1 if policy == "audited" else 2)
    assert manifest.audits_complete_before is not None

    # The cut-off is where the first audit waits. What was drawn later is not complete.
    scenario.source.audited_ids.add((await scenario.log(waiting)).id)
    late = await scenario.log_labelled(next(texts), "status")
    scenario.source.audited_ids.add(late.id)

    lines, manifest = await scenario.export(policy=policy)

    assert {line["text"] for line in lines if line["audited"]} == {drawn}
    assert manifest.audits_complete_before == scenario.store.rows[waiting_id(scenario)].created_at


def waiting_id(scenario: ExportScenario) -> UUID:
    """Return the id of the first audited message without a decision."""
    return next(
        row.captured.id
        for row in scenario.store.rows.values()
        if row.captured.id in scenario.source.audited_ids and row.correction is None
    )


async def test_no_line_is_audited_while_no_audit_is_complete(scenario: ExportScenario) -> None:
    texts = dissimilar_texts("train")
    first = await scenario.log(next(texts))
    second = await scenario.log_labelled(next(texts), "status")
    scenario.source.audited_ids |= {first.id, second.id}

    lines, manifest = await scenario.export()

    assert [line["audited"] for line in lines] == [False, False]
    assert (manifest.audits_complete_before, manifest.counts.audited) == (None, 0)


async def test_disputed_texts_have_no_audited_line(scenario: ExportScenario) -> None:
    disputed = await scenario.log_labelled(next(dissimilar_texts("train")), "status")
    scenario.source.audited_ids.add(disputed.id)
    disagreement = Correction(corrected_intent="reminder", corrected_by="alan")
    await scenario.store.add_prompt_correction(disputed.id, disagreement)

    lines, manifest = await scenario.export()

    assert lines == []
    assert manifest.counts.audited == 0


@given(
    st.permutations([*product(("draw", "decide"), range(3)), ("log", 0), ("log", 1)]),
    st.sampled_from(["confidence", "audited"]),
)
@settings(max_examples=40, deadline=None)
def test_the_datasets_of_a_series_add_up_to_one_dataset_of_everything(
    events: list[tuple[str, int]], policy: str
) -> None:
    texts = list(islice(dissimilar_texts("train"), 3))
    fields = ("id", "label", *FIELDS)

    async def run_events(folder: Path) -> None:
        scenario = ExportScenario(folder)
        collected: dict[str, tuple[Any, ...]] = {}
        captured = [await scenario.log(text) for text in texts]
        scenario.source.audited_ids |= {prompt.id for prompt in captured}
        for kind, number in events:
            if kind == "decide":
                correction = Correction(corrected_intent="status", corrected_by="grace")
                await scenario.store.add_prompt_correction(captured[number].id, correction)
            else:
                prompt = await scenario.log(texts[number])
                if kind == "draw":
                    scenario.source.audited_ids.add(prompt.id)
                    await scenario.store.add_prompt_correction(
                        prompt.id, Correction(corrected_intent="status", corrected_by="grace")
                    )
            lines, _ = await scenario.export(policy=policy, since_last=True)
            collected |= {line["id"]: tuple(line[name] for name in fields) for line in lines}
        whole, _ = await scenario.export(policy=policy)
        assert set(collected.values()) == {tuple(line[name] for name in fields) for line in whole}

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run_events(Path(folder)))
