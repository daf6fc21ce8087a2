"""Every request names one kind of dataset, and every key of a dataset leads to its manifest."""

from datetime import UTC, datetime
from itertools import product

import pytest

from prompt_capture.domain.datasets.kinds import KINDS, MODES, POLICIES, DatasetKind
from prompt_capture.domain.datasets.manifest import DatasetKeys, manifest_key_of
from prompt_capture.domain.datasets.requests import ExportRequest

TICK = datetime(2026, 11, 23, 4, tzinfo=UTC)


def make_request(kind: DatasetKind, **fields: object) -> ExportRequest:
    policy = {"policy": kind.policy} if kind.policy else {}
    return ExportRequest.from_event({"mode": kind.mode} | policy | fields)


def test_every_mode_and_policy_names_a_kind_and_every_kind_can_be_requested() -> None:
    named = {
        ExportRequest(mode=mode, policy=policy).kind for mode, policy in product(MODES, POLICIES)
    }

    assert named == set(KINDS)
    assert [make_request(kind).kind for kind in KINDS] == list(KINDS)


def test_the_names_of_kinds_differ() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("scheduled_at", [None, TICK])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_key_of_an_object_leads_to_the_manifest(
    kind: DatasetKind, scheduled_at: datetime | None
) -> None:
    request = make_request(kind, scheduled_at=scheduled_at)

    keys = DatasetKeys.for_build(request, TICK, "exports", "0123456789ab")

    for key in (keys.part(kind.splits[0], 0), keys.tombstones):
        assert manifest_key_of(key) == keys.manifest
