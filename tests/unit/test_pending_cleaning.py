"""The cleaning before an export ends in time, counts what remains, and never stops the export."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import uuid4

import pytest

from prompt_capture.adapters.local_datasets import LocalDatasetStore
from prompt_capture.domain.datasets.requests import ExportedDataset, ExportRequest
from prompt_capture.domain.erasures import ExportedObject
from prompt_capture.domain.errors import DatasetsUnavailable
from prompt_capture.domain.log_ids import new_log_id
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.ports.exports import DatasetStore
from prompt_capture.workflows.exports.cleaning import CleanDatasets
from prompt_capture.workflows.exports.export import ExportDataset
from prompt_capture.workflows.exports.pending_cleaning import (
    CLEANING_SHARE,
    CleanBeforeExport,
    CleanPendingObjects,
)
from tests.erasures import erase_in_store
from tests.fakes.export_source import InMemoryExports
from tests.fakes.prompt_store import InMemoryPromptStore

ALICE, BOB = uuid4(), uuid4()


class ForgetfulExports(InMemoryExports):
    """A ledger with a fault of its own."""

    async def list_uncleaned_objects(self) -> list[ExportedObject]:
        raise KeyError("my secret")


class ExportFolder:
    """A folder with datasets of Alice and Bob, and the counts that a cleaning recorded."""

    def __init__(self, folder: Path) -> None:
        self.folder = LocalDatasetStore(folder)
        self.store = InMemoryPromptStore([ALICE, BOB], ["help"])
        self.source = InMemoryExports(self.store)
        self.counts: list[Mapping[str, int]] = []

    async def export(self) -> ExportedDataset:
        """Export a message of each user."""
        for user_id in {ALICE, BOB} - self.store.erased.keys():
            prompt = CapturedPrompt(
                id=new_log_id(),
                user_id=user_id,
                prompt=f"of {user_id}",
                predicted_intent="help",
                confidence=0.9,
                source="model",
                model_version="test-1",
            )
            await self.store.log_prompt(prompt)
        return await ExportDataset(self.source, self.folder)(ExportRequest(mode="retraining"))

    def clean(
        self, source: InMemoryExports | None = None, times: Sequence[float] = (0,)
    ) -> CleanBeforeExport:
        """Return a cleaning that reads these times, the last one again and again."""
        ledger, clock = source or self.source, list(times)

        def store_for(bucket: str) -> DatasetStore:
            if bucket != self.folder.bucket:
                raise DatasetsUnavailable("The export cannot reach the bucket.")
            return self.folder

        return CleanBeforeExport(
            CleanPendingObjects(ledger, CleanDatasets(ledger, store_for)),
            self.counts.append,
            lambda: clock.pop(0) if len(clock) > 1 else clock[0],
        )


@pytest.fixture
def exports(tmp_path: Path) -> ExportFolder:
    return ExportFolder(tmp_path)


async def test_datasets_lose_the_lines_of_users_whose_account_was_deleted(
    exports: ExportFolder, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = await exports.export()
    await erase_in_store(exports.store, ALICE)

    await exports.clean()(900)
    await exports.clean()(900)

    content = (exports.folder.read(dataset.key) or b"").decode()
    assert str(ALICE) not in content
    assert str(BOB) in content
    assert exports.counts == [{"cleaned": 1, "uncleaned": 0}, {"cleaned": 0, "uncleaned": 0}]
    assert not [record for record in caplog.records if "still hold" in record.message]


async def test_objects_that_the_function_cannot_reach_are_counted_and_logged(
    exports: ExportFolder, caplog: pytest.LogCaptureFixture
) -> None:
    await exports.export()
    row_ids = list(map(str, exports.store.rows))
    for bucket in ("another", "/home/ada/datasets"):
        await exports.source.register_rows(bucket, "k", row_ids)
    await erase_in_store(exports.store, ALICE)

    await exports.clean()(900)

    assert exports.counts == [{"cleaned": 1, "uncleaned": 2}]
    (warning,) = [record for record in caplog.records if "still hold" in record.message]
    assert "erase --pending" in warning.message
    assert warning.__dict__["reasons"] == {"The export cannot reach the bucket.": 2}


async def test_a_cleaning_leaves_most_of_the_time_to_the_export(exports: ExportFolder) -> None:
    for _ in range(3):
        await exports.export()
    await erase_in_store(exports.store, ALICE)
    ends_at = 900 * CLEANING_SHARE

    await exports.clean(times=(0, 0, ends_at - 1, ends_at))(900)
    assert exports.counts == [{"cleaned": 2, "uncleaned": 1}]

    await exports.clean()(900)
    assert exports.counts[-1] == {"cleaned": 1, "uncleaned": 0}


@pytest.mark.parametrize("fault", ["outage", "error"])
async def test_a_cleaning_that_fails_is_counted_and_raises_no_error(
    exports: ExportFolder, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    exports.store.is_reachable = fault != "outage"

    await exports.clean(ForgetfulExports(exports.store) if fault == "error" else None)(900)

    assert exports.counts == [{"uncleaned": 1}]
    (error,) = [record for record in caplog.records if record.levelname == "ERROR"]
    expected = "StoreUnavailable" if fault == "outage" else "KeyError"
    assert error.message == f"The cleaning failed: {expected}."
    assert "secret" not in caplog.text
