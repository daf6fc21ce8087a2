"""What a trusted dataset holds: nothing a model is tested on, no tier that was not found right."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from prompt_capture.adapters.local_datasets import LocalDatasetStore
from prompt_capture.adapters.memory_exports import InMemoryExports
from prompt_capture.adapters.memory_store import InMemoryPromptStore
from prompt_capture.domain.datasets.manifests import Manifest
from prompt_capture.domain.datasets.near_duplicates import NEAR, NearDuplicateIndex
from prompt_capture.domain.datasets.requests import ExportRequest
from prompt_capture.domain.datasets.splits import split_of
from prompt_capture.domain.datasets.tiers import Audit, Precision, wilson
from prompt_capture.domain.log_ids import new_log_id
from prompt_capture.domain.prompts import CapturedPrompt, Correction, Outcome
from prompt_capture.domain.text import shared_text
from prompt_capture.workflows.datasets.export import ExportDataset
from tests.exports.world import list_user_lines

INTENTS = ("status", "reminder")
PEOPLE = [uuid4() for _ in range(4)]


class Assistant:
    """A store, and exports of it into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = InMemoryPromptStore(PEOPLE, INTENTS)
        self.source = InMemoryExports(self.store, page_rows=3)

    async def say(self, text: str, intent: str = "status", **more: Any) -> CapturedPrompt:
        """Capture a message; `person` says whose, 0 to 3."""
        prompt = CapturedPrompt(
            id=new_log_id(),
            user_id=PEOPLE[more.pop("person", 0)],
            prompt=text,
            predicted_intent=intent,
            model_version="test-1",
            **({"confidence": 0.9, "source": "model"} | more),
        )
        await self.store.log_prompt(prompt)
        return prompt

    async def label(self, text: str, intent: str, **more: Any) -> CapturedPrompt:
        """Capture a message that a reviewer labels."""
        prompt = await self.say(text, **more)
        correction = Correction(corrected_intent=intent, corrected_by="grace")
        await self.store.add_prompt_correction(prompt.id, correction)
        return prompt

    async def export(self, **asked: Any) -> tuple[list[dict[str, Any]], Manifest]:
        """Export, and read the dataset as its manifest says."""
        event = {"mode": "retraining", "policy": "audited", "floor": 0} | asked
        export = ExportDataset(self.source, LocalDatasetStore(self.folder))
        told = await export(ExportRequest.from_event(event))
        manifest = Manifest.model_validate_json((self.folder / told.manifest).read_bytes())
        return list_user_lines(self.folder, manifest), manifest


@pytest.fixture
def assistant(tmp_path: Path) -> Assistant:
    return Assistant(tmp_path)


def _texts(split: str) -> Iterator[str]:
    """Answer texts of a split that are not like one another."""
    numbers = (f"{number * 7919 % 99991:05} {number * 104729 % 99989:05}" for number in range(9999))
    return (text for text in numbers if split_of(text) == split)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["say", "SAY", "label", "end", "export"]),
        st.integers(0, 30),
        st.sampled_from(INTENTS),
    ),
    max_size=40,
)


@given(EVENTS)
@settings(max_examples=60, deadline=None)
def test_no_text_is_ever_on_two_sides_and_no_gold_one_is_trained_on(
    events: list[tuple[str, int, str]],
) -> None:
    sides: dict[str, set[str]] = {}

    async def live(folder: Path) -> None:
        assistant = Assistant(folder)
        for kind, number, intent in [*events, ("export", 0, "status")]:
            text = f"text {number}"
            if kind == "label":
                await assistant.label(text, intent)
            elif kind == "end":
                prompt = await assistant.say(text, intent)
                outcome = Outcome(was_successful=number % 2 == 0, workflow_type="w")
                await assistant.store.update_prompt_log_outcome(prompt.id, outcome)
            elif kind == "export":
                for asked in ({"since_last": True}, {"mode": "gold"}):
                    for line in (await assistant.export(**asked))[0]:
                        sides.setdefault(shared_text(line["text"]), set()).add(line["split"])
                        assert line["split"] == split_of(line["text"])
                        assert (line["split"] == "gold") == (asked == {"mode": "gold"})
                        assert line["split"] == "train" or line["tier"] == "person"
            else:
                await assistant.say(text if kind == "say" else f"  {text.upper()} ", intent)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live(Path(folder)))
    assert all(len(found) == 1 for found in sides.values())


@given(st.text(min_size=1, max_size=40))
def test_copies_of_a_text_fall_on_its_side(text: str) -> None:
    assert split_of(f"  {text}\n") == split_of(text)
    assert split_of(shared_text(text)) == split_of(text)


def test_a_tenth_is_gold_and_a_tenth_dev_for_ever() -> None:
    found = [split_of(f"text {number}") for number in range(10_000)]

    assert 900 < found.count("gold") < 1100
    assert 900 < found.count("dev") < 1100
    known = {text: split_of(text) for text in ("move it", "hello", "remind me", "what is due")}
    assert known == {
        "move it": "train", "hello": "train", "remind me": "train", "what is due": "train",
    }  # fmt: skip


@given(st.integers(1, 3000), st.floats(0, 1))
def test_the_interval_is_wilsons(audited: int, share: float) -> None:
    right = round(audited * share)
    expected = binomtest(right, audited).proportion_ci(method="wilson")

    low, high = wilson(right, audited)

    assert low == pytest.approx(expected.low, abs=1e-4)
    assert high == pytest.approx(expected.high, abs=1e-4)


def test_a_precision_is_not_known_until_enough_was_audited() -> None:
    few = Precision.measured([Audit("rule", "a", 20, 20), Audit("rule", "b", 9, 9)])
    enough = Precision.measured([Audit("rule", "a", 20, 20), Audit("rule", "b", 10, 9)])

    assert (few.precision, str(few)) == (None, "not known yet: 29 of 30 audited")
    assert (enough.precision, enough.at_least) == (0.9667, 0.8333)


async def test_a_label_comes_from_the_best_that_vouches_for_it(assistant: Assistant) -> None:
    texts = _texts("train")
    for tier in ("person", "outcome", "rule", "confident", "nothing"):
        text = next(texts)
        if tier == "person":
            await assistant.label(text, "reminder")
        prompt = await assistant.say(
            text,
            source="rule" if tier == "rule" else "model",
            confidence=0.5 if tier == "nothing" else 0.9,
        )
        if tier == "outcome":
            outcome = Outcome(was_successful=True, workflow_type="w")
            await assistant.store.update_prompt_log_outcome(prompt.id, outcome)

    lines, manifest = await assistant.export()

    assert {(line["tier"], line["label"], line["count"]) for line in lines} == {
        ("person", "reminder", 2), ("outcome", "status", 1), ("rule", "status", 1),
        ("confident", "status", 1),
    }  # fmt: skip
    assert manifest.excluded == {"without_a_label": 1}
    assert manifest.counts.messages == 5


async def test_a_tier_stays_out_until_an_audit_found_it_right(assistant: Assistant) -> None:
    texts = _texts("train")
    for number in range(60):
        prompt = await assistant.label(next(texts), "status" if number < 57 else "reminder")
        assistant.source.audited.add(prompt.id)
    await assistant.say(next(texts))
    await assistant.say(next(texts), source="rule")

    lines, manifest = await assistant.export(floor=0.85)
    strict, strictly = await assistant.export(floor=0.95)

    found = {line["tier"]: line["precision_ci_lower"] for line in lines}
    assert found == {"person": None, "confident": wilson(57, 60)[0]}
    assert set(manifest.excluded_tiers) == {"outcome", "rule"}
    assert "not known yet" in manifest.excluded_tiers["rule"]
    assert {line["tier"] for line in strict} == {"person"}
    assert "95.0%" in strictly.excluded_tiers["confident"]
    assert strictly.excluded == {"tier_below_floor": 2}


async def test_disputed_and_failed_messages_are_no_labels(assistant: Assistant) -> None:
    texts = _texts("train")
    disputed = await assistant.label(next(texts), "status")
    other = Correction(corrected_intent="reminder", corrected_by="alan")
    await assistant.store.add_prompt_correction(disputed.id, other)
    failed = await assistant.say(next(texts))
    outcome = Outcome(was_successful=False, workflow_type="w")
    await assistant.store.update_prompt_log_outcome(failed.id, outcome)
    await assistant.say(next(texts), "unknown")
    await assistant.say(next(texts), scope=0.2)

    lines, manifest = await assistant.export()

    assert lines == []
    assert manifest.excluded == {"disputed": 1, "without_a_label": 3}
    assert manifest.warnings == ("No label reached the floor: the dataset is empty.",)


async def test_what_is_nearly_a_tested_text_is_withheld_and_not_moved(
    assistant: Assistant,
) -> None:
    stem = "please move my appointment at the dentist from thursday morning to friday"
    variants = [f"{stem} {number}" for number in range(200)]
    gold = next(text for text in variants if split_of(text) == "gold")
    near = next(text for text in variants if split_of(text) == "train")
    await assistant.label(gold, "status")
    await assistant.say(near)
    await assistant.say(next(_texts("train")))

    lines, manifest = await assistant.export()

    assert near not in {line["text"] for line in lines}
    assert len(lines) == 1
    assert manifest.excluded == {"gold": 1, "too_near_to_dev_or_gold": 1}


def test_texts_are_near_by_their_letters() -> None:
    tested = NearDuplicateIndex(["move my dentist appointment to friday", "what is due this week?"])

    assert tested.has_one_near("Move my dentist appointment to Friday!")
    assert not tested.has_one_near("cancel everything")
    assert NEAR < 1


async def test_anonymised_lines_name_nobody_and_speak_for_several_people(
    assistant: Assistant,
) -> None:
    texts = _texts("train")
    crowd, alone = next(texts), next(texts)
    prompts = [await assistant.say(crowd, person=person) for person in range(3)]
    prompts.append(await assistant.say(alone))

    (line,), manifest = await assistant.export(anonymize=True, users_per_cluster=3)

    assert (line["text"], line["count"]) == (crowd, 3)
    assert manifest.excluded == {"too_few_users": 1}
    assert manifest.ids == "salted text"
    named = {str(prompt.id) for prompt in prompts} | {str(person) for person in PEOPLE}
    assert not named & {str(value) for value in line.values()}
    again, _ = await assistant.export(anonymize=True, users_per_cluster=3)
    assert again == [line]


async def test_nearly_the_same_words_of_several_people_are_a_crowd(assistant: Assistant) -> None:
    for person, end in enumerate(("", "!", "?")):
        await assistant.say(f"please move my appointment at the dentist{end}", person=person)

    lines, _ = await assistant.export(anonymize=True, users_per_cluster=3)

    assert len(lines) == len(
        [end for end in ("", "!", "?")
         if split_of(f"please move my appointment at the dentist{end}") == "train"]
    )  # fmt: skip


async def test_filters_choose_by_label_source_and_version(assistant: Assistant) -> None:
    texts = _texts("train")
    await assistant.say(next(texts), "status")
    await assistant.say(next(texts), "reminder")
    await assistant.say(next(texts), "reminder", source="rule")

    assert len((await assistant.export(intents=["reminder"]))[0]) == 2
    assert len((await assistant.export(sources=["rule"]))[0]) == 1
    assert (await assistant.export(model_versions=["other"]))[0] == []
