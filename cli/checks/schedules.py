"""Check that the schedules of exports are enabled."""

from collections.abc import Iterator

from cli.checks.deployment import Deployment, require
from cli.checks.results import CheckResult, ok, wrong


def schedules(deployment: Deployment) -> Iterator[CheckResult]:
    """Read the state of every schedule in the group."""
    group = require(
        deployment.settings.export_schedule_group,
        "EXPORT_SCHEDULE_GROUP",
        "Set it to the group's name in EventBridge Scheduler, or pass --stage dev.",
    )
    pages = deployment.client("scheduler").get_paginator("list_schedules").paginate(GroupName=group)
    states = {each["Name"]: each["State"] for page in pages for each in page["Schedules"]}
    if not states:
        yield wrong(group, "has no schedules", "`npx osls deploy --stage dev`")
    for name in (name for name, state in states.items() if state != "ENABLED"):
        yield wrong(
            name,
            "is disabled",
            "Enable it in the console (EventBridge, Schedules). A new deployment does not: for "
            "CloudFormation, nothing has changed.",
        )
    if states and set(states.values()) == {"ENABLED"}:
        yield ok(group, f"has all {len(states)} schedules enabled")
