"""Check that row level security covers every table and view of `public` and `private`."""

from collections.abc import Iterator

from cli.checks.deployment import Deployment
from cli.checks.results import CheckResult, ok, wrong

_RELATIONS = """
select format('%I.%I', nspname, relname), relkind = 'v', case
    when relkind = 'v' then exists (
      select from pg_options_to_table(reloptions)
      where option_name = 'security_invoker' and option_value::boolean
    )
    else relrowsecurity
  end
from pg_class join pg_namespace on pg_namespace.oid = relnamespace
where nspname in ('public', 'private') and relkind in ('r', 'p', 'v')
  and not exists (
    select from pg_depend where classid = 'pg_class'::regclass and objid = pg_class.oid
      and deptype = 'e'
  )
order by 1
"""
"""Views bypass row level security unless they are `security_invoker`. Extensions are excluded."""


def row_level_security(deployment: Deployment) -> Iterator[CheckResult]:
    """Report every table and view without it, your own in these schemas included."""
    relations = deployment.query(_RELATIONS)
    for name, is_view, is_protected in relations:
        if not is_protected and is_view:
            yield wrong(
                name,
                "shows rows with its owner's privileges",
                f"`alter view {name} set (security_invoker = on);`",
            )
        elif not is_protected:
            yield wrong(
                name,
                "has no row level security: every role with a grant can read all rows",
                f"`alter table {name} enable row level security;`",
            )
    protected = sum(is_protected for _, _, is_protected in relations)
    if protected == len(relations):
        yield ok("public, private", f"is on for all {protected} tables and views")
