"""Whether the exports' schedules are on."""

from collections.abc import Iterator

from cli.checks.deployment import Deployment, needed
from cli.checks.finding import Finding, ok, wrong


def schedules(deployment: Deployment) -> Iterator[Finding]:
    """Read the state of every schedule of the group."""
    group = needed(
        deployment.settings.export_schedule_group,
        "EXPORT_SCHEDULE_GROUP",
        "Set it to the group's name in EventBridge Scheduler, or name the stage: --stage dev.",
    )
    pages = deployment.client("scheduler").get_paginator("list_schedules").paginate(GroupName=group)
    states = {one["Name"]: one["State"] for page in pages for one in page["Schedules"]}
    if not states:
        yield wrong(group, "holds no schedule", "`npx osls deploy --stage dev`")
    for name in (name for name, state in states.items() if state != "ENABLED"):
        yield wrong(
            name,
            "is switched off",
            "Enable it in the console (EventBridge, Schedules): what is deployed says it is on, "
            "so a deployment leaves it as it is.",
        )
    if states and set(states.values()) == {"ENABLED"}:
        yield ok(group, f"has all {len(states)} schedules on")
