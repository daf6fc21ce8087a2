"""Whether row level security is on, for every table that the API could show."""

from collections.abc import Iterator

from cli.checks.deployment import Deployment
from cli.checks.finding import Finding, ok, wrong

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
"""Views ask with their reader's rights or pass it by; what an extension brought is left out."""


def row_level_security(deployment: Deployment) -> Iterator[Finding]:
    """Name every table without it, other people's in schema `public` too."""
    found = deployment.query(_RELATIONS)
    for name, is_view, is_protected in found:
        if not is_protected and is_view:
            yield wrong(
                name,
                "shows rows with its owner's rights",
                f"`alter view {name} set (security_invoker = on);`",
            )
        elif not is_protected:
            yield wrong(
                name,
                "is open to whoever is granted it: it has no row level security",
                f"`alter table {name} enable row level security;`",
            )
    protected = sum(is_protected for _, _, is_protected in found)
    if protected == len(found):
        yield ok("public, private", f"is on for all {protected} tables and views")
