"""The check `erasures`: whether erasures ended, and whether exported objects hold their rows."""

from collections.abc import Iterator

from cli.checks.interface import CheckResult, Deployment, ok, wrong
from prompt_capture.domain.buckets import is_folder

_UNCLEANED = """
select bucket, count(distinct key), extract(day from now() - min(erased_at))::integer
from private.tombstones erased
join public.exported_rows pages on pages.user_keys @> array[erased.user_key]
where not exports_are_clean
group by bucket order by bucket
"""

_UNFINISHED = """
select count(*), min(erased_at)::date
from private.tombstones
where unfinished_user_id is not null and erased_at < now() - interval '1 hour'
"""
"""A million rows are erased in a few minutes, so an erasure of this age was interrupted."""

_CLEANING_DELAY_DAYS = 8
"""The exports run every week, and clean their bucket before."""


def erasures(deployment: Deployment) -> Iterator[CheckResult]:
    """Count the erasures that were interrupted, and the objects with rows of erased users."""
    [(unfinished, since)] = deployment.query(_UNFINISHED)
    if unfinished:
        yield wrong(
            "unfinished erasures",
            f"{unfinished} erasures were interrupted, the first on {since}",
            "`prompt-capture erase --pending`",
        )
    uncleaned = deployment.query(_UNCLEANED)
    for bucket, objects, days in uncleaned:
        yield _uncleaned_objects(deployment, bucket, objects, days)
    if not uncleaned:
        yield ok("exported objects", "hold no rows of erased users")


def _uncleaned_objects(deployment: Deployment, bucket: str, objects: int, days: int) -> CheckResult:
    in_folder = is_folder(bucket)
    export_bucket = deployment.settings.export_bucket
    is_cleaned_by_exports = bucket == export_bucket or not (export_bucket or in_folder)
    if is_cleaned_by_exports and days < _CLEANING_DELAY_DAYS:
        return ok(bucket, f"the next export removes erased users from {objects} objects")
    return wrong(
        bucket,
        f"{objects} objects hold rows of users who were erased up to {days} days ago",
        "`prompt-capture erase --pending`" + (", on the machine with this folder" * in_folder),
    )
