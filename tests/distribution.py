"""A pytest plug-in that distributes the tests over worker processes, where pytest-xdist runs them.

A worker gets whole files, and whole folders where the tests share what takes long to start. Each
worker has stacks of its own. What takes longest comes first, so that the workers end together.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import NodeManager

LONGEST = (
    "tests/retraining/",
    "tests/serving/",
    "tests/end_to_end/test_tutorial.py",
    "tests/console/",
    "tests/packaged/",
    "tests/faults/",
    "tests/end_to_end/test_demo.py",
    "tests/unit/test_training.py",
    "tests/end_to_end/test_command_line.py",
    "tests/database/interleavings/",
    "tests/end_to_end/test_year.py",
)
"""Folders and files. Those that wait much come between those that compute."""

NodeManager.EXIT_TIMEOUT = 60  # after Ctrl-C, for the stacks of a worker to end


def _group(nodeid: str) -> str:
    """Return the folder or the file whose tests run in one process."""
    file = nodeid.partition("::")[0]
    return next((each for each in LONGEST if file.startswith(each)), file)


def _rank(item: pytest.Item) -> int:
    group = _group(item.nodeid)
    return LONGEST.index(group) if group in LONGEST else len(LONGEST)


class GroupScheduling(LoadFileScheduling):  # type: ignore[misc]
    """Gives each worker one group of tests after another, in the order of collection."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling:
    config.option.loadscopereorder = False
    return GroupScheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=_rank)
