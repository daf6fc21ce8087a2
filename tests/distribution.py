"""A pytest plug-in that distributes the tests over worker processes, where pytest-xdist runs them.

A worker gets whole files, and whole folders where the tests share what takes long to start. Each
worker has stacks of its own. The folders come first, so that no worker ends with one of them while
the others wait.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

WHOLE = (
    "tests/console/",
    "tests/serving/",
    "tests/faults/",
    "tests/packaged/",
    "tests/retraining/",
)


def _group(nodeid: str) -> str:
    """Return the folder or the file whose tests run in one process."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in WHOLE if file.startswith(folder)), file)


class GroupScheduling(LoadFileScheduling):
    """Gives each worker one group of tests after another, in the order of collection."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling:
    config.option.loadscopereorder = False
    return GroupScheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _group(item.nodeid) not in WHOLE)
