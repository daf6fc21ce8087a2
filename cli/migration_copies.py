"""The migrations of this package, and copies of them in another project's folder and database."""

import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from cli.sql_relations import find_relation_changes
from prompt_capture.domain.errors import PromptCaptureError

APPLIED_MIGRATIONS = """
select version, coalesce(columns ->> 'name', ''), coalesce((
  select string_agg(statement, E';\\n' order by position)
  from jsonb_array_elements_text(nullif(columns -> 'statements', 'null'))
    with ordinality as statements (statement, position)
), '')
from supabase_migrations.schema_migrations as applied, to_jsonb(applied) as columns
order by version
"""
"""The history that the Supabase CLI records: version, name, and SQL.

Early versions of the CLI recorded the version alone. A later one adds the other columns when it
pushes.
"""

COPY_PREFIX = "prompt_capture_"

_HEADER = re.compile(r"\A\s*+-- prompt-capture migration (\d+_\w+) sha256:([0-9a-f]{64})\s*?\n")
_FILE_NAME = re.compile(r"([0-9]+)_(.*)\.sql")
"""The names of migrations. The Supabase CLI skips all other files."""

_TABLE_OF_THE_FIRST_VERSION = "public.nlu_prompt_logs"
"""A project may have created it: the first migration sets it aside."""

_TIMESTAMP, _TIMESTAMP_LENGTH = "%Y%m%d%H%M%S", 14


class MigrationConflict(PromptCaptureError):
    """Copies contradict each other or this version. The message says what to do."""


@dataclass(frozen=True)
class Migration:
    """A migration, and its SQL; empty where a database did not record it."""

    version: str
    name: str
    sql: str

    @property
    def stem(self) -> str:
        """The file name without its extension."""
        return f"{self.version}_{self.name}"

    @property
    def digest(self) -> str:
        """The SHA-256 of the SQL without a copy's header.

        It ignores blank lines and the last semicolon: `supabase migration fetch` drops them, and
        git may change the ends of lines.
        """
        lines = (line.rstrip() for line in _HEADER.sub("", self.sql, count=1).splitlines())
        text = "\n".join(filter(None, lines)).rstrip(";")
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Plan:
    """What a project has of each migration, in order.

    `present` pairs a migration with its copy. `new` are the copies to write.
    """

    present: tuple[tuple[Migration, Migration], ...]
    new: tuple[Migration, ...]


@cache
def own_migrations() -> tuple[Migration, ...]:
    """Return the migrations of this package, in order."""
    return tuple(read_folder(_own_folder()))


def _own_folder() -> Path:
    packaged = Path(__file__).parent / "supabase_migrations"
    return packaged if packaged.is_dir() else Path(__file__).parents[1] / "supabase/migrations"


def is_own_folder(folder: Path) -> bool:
    """Return whether a folder is the one that the migrations are copied from."""
    return folder.resolve() == _own_folder().resolve()


def read_folder(folder: Path) -> list[Migration]:
    """Return the migrations of a folder, in the order of the file names.

    Raise `MigrationConflict` for one that cannot be read.
    """
    names = {file: _FILE_NAME.fullmatch(file.name) for file in folder.glob("*.sql")}
    migrations = [
        Migration(name[1], name[2], _read_sql(file)) for file, name in names.items() if name
    ]
    return sorted(migrations, key=lambda migration: migration.stem)


def _read_sql(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig", errors="replace")
    except OSError as error:
        raise MigrationConflict(
            f"{file} is named like a migration, but cannot be read: {error.strerror}. The Supabase "
            "CLI would stop at it, too. Repair, rename or delete it."
        ) from None


def find_copies(
    history: Iterable[Migration], originals: Sequence[Migration]
) -> dict[Migration, list[Migration]]:
    """Return the copies of each original in a history, the original itself included.

    A copy is known by its header, by its name, or by its SQL.
    """
    copies: dict[Migration, list[Migration]] = {original: [] for original in originals}
    for migration in history:
        if original := _find_original(migration, originals):
            copies[original].append(migration)
    return copies


def _find_original(migration: Migration, originals: Sequence[Migration]) -> Migration | None:
    header = _HEADER.match(migration.sql)
    for original in originals:
        if header:
            is_copy = header[1] == original.stem
        else:
            is_copy = (
                migration.stem == original.stem
                or migration.name == f"{COPY_PREFIX}{original.name}"
                or migration.digest == original.digest
            )
        if is_copy:
            return original
    return None


def plan_copies(
    folder: Sequence[Migration],
    database: Sequence[Migration],
    originals: Sequence[Migration],
    now: datetime,
) -> Plan:
    """Decide what to copy into a project's folder.

    A migration that the database has is copied under the version that it has there. All others get
    versions after every migration of the folder and of the database: the seconds before `now`,
    where these are late enough, so that the next `supabase migration new` comes after them.

    Raise `MigrationConflict`.
    """
    in_folder, in_database = find_copies(folder, originals), find_copies(database, originals)
    _reject_other_owners(folder, in_folder)
    copies = {one: _only_copy(one, in_folder[one], "folder") for one in originals}
    applied_copies = {one: _only_copy(one, in_database[one], "database") for one in originals}
    _reject_differences(copies, applied_copies)
    last = max((migration.stem for migration in [*folder, *database]), default="")
    versions = _versions_after(last, now - timedelta(seconds=len(originals)))
    present: list[tuple[Migration, Migration]] = []
    new: list[Migration] = []
    is_complete = True
    for original in originals:
        copy, applied = copies[original], applied_copies[original]
        if (known := copy or applied) and not is_complete:
            raise MigrationConflict(
                f"{known.stem} is there, but a migration that belongs before it is missing. "
                "Restore the missing file from version control."
            )
        if copy:
            present.append((original, copy))
        elif applied:
            new.append(_copy_of(original, applied.version, applied.name))
        else:
            is_complete = False
            new.append(_copy_of(original, next(versions), f"{COPY_PREFIX}{original.name}"))
    _reject_other_order([*(copy for _, copy in present), *new], originals)
    return Plan(tuple(present), tuple(new))


def missing_in_folder(
    folder: Sequence[Migration], database: Sequence[Migration], originals: Sequence[Migration]
) -> list[str]:
    """Return the versions of the project's own migrations that only the database has."""
    copies = {copy for found in find_copies(database, originals).values() for copy in found}
    known = {migration.version for migration in folder}
    return [one.version for one in database if one not in copies and one.version not in known]


def _copy_of(original: Migration, version: str, name: str) -> Migration:
    header = f"-- prompt-capture migration {original.stem} sha256:{original.digest}\n"
    return Migration(version, name, header + original.sql)


def _versions_after(last: str, start: datetime) -> Iterator[str]:
    """Yield increasing versions whose files come after the migration with the stem `last`.

    The Supabase CLI applies migrations in the order of their versions as text, and its releases
    before 3 in the order of the file names, where `_` follows the digits: `20270102_a.sql` comes
    after `20270102030405_b.sql`. For both orders, a shorter version is counted up before digits are
    added. Raise `MigrationConflict` where it is all nines.
    """
    version = last.partition("_")[0]
    moment = start
    if last >= f"{start:{_TIMESTAMP}}_":
        try:
            if len(version) != _TIMESTAMP_LENGTH:
                raise ValueError
            moment = datetime.strptime(version, _TIMESTAMP) + timedelta(seconds=1)  # noqa: DTZ007
        except (ValueError, OverflowError):
            yield from _count_up(last, version)
            return
    while True:
        yield f"{moment:{_TIMESTAMP}}"
        moment += timedelta(seconds=1)


def _count_up(last: str, version: str) -> Iterator[str]:
    following = str(int(version) + 1).zfill(len(version))
    if len(following) > len(version):
        raise MigrationConflict(
            f"No version comes after {last}.sql in the order of file names, in which the Supabase "
            "CLI before version 3 applies migrations. Give this file a timestamp as its version "
            "(YYYYMMDDhhmmss) before running this again; `supabase migration list` shows whether a "
            "database has applied it."
        )
    first = int(following.ljust(_TIMESTAMP_LENGTH, "0"))
    yield from (str(number).zfill(len(version)) for number in itertools.count(first))


def _only_copy(original: Migration, copies: Sequence[Migration], place: str) -> Migration | None:
    if len(copies) > 1:
        raise MigrationConflict(
            f"The {place} has {original.stem} more than once: "
            f"{', '.join(copy.stem for copy in copies)}. Delete the file that no database has "
            "applied (`supabase migration list` shows which)."
        )
    return copies[0] if copies else None


def _reject_differences(
    copies: Mapping[Migration, Migration | None],
    applied_copies: Mapping[Migration, Migration | None],
) -> None:
    differences = [
        difference
        for original, copy in copies.items()
        if copy and (difference := _difference(original, copy, applied_copies[original]))
    ]
    if differences:
        raise MigrationConflict("\n".join(differences))


def _difference(original: Migration, copy: Migration, applied: Migration | None) -> str | None:
    """Return what is wrong with a copy in the folder, and what to do."""
    if applied and applied.version != copy.version:
        return (
            f"{copy.stem}.sql has another version than in the database, which has it as "
            f"{applied.stem}. Rename the file to {applied.stem}.sql."
        )
    if copy.digest == original.digest:
        return None
    header = _HEADER.match(copy.sql)
    if header and header[2] == copy.digest:
        return (
            f"{copy.stem}.sql is a copy from another version of Prompt Capture, whose "
            f"{original.name} differs. If no database has applied it, delete it and run this "
            "again. Otherwise use the version that it comes from."
        )
    return (
        f"{copy.stem}.sql was edited. Restore it from version control, or, if no database has "
        "applied it, delete it and run this again. Put changes of your own into a migration of "
        "your own."
    )


def _reject_other_order(copies: Sequence[Migration], originals: Sequence[Migration]) -> None:
    files = [f"{copy.version}_" for copy in copies]  # see `_versions_after`
    if files != sorted(files):
        raise MigrationConflict(
            "The copies are in the wrong order. Rename the files that no database has applied, so "
            f"that they run in this order: {', '.join(original.name for original in originals)}."
        )


def _reject_other_owners(
    folder: Sequence[Migration], copies: Mapping[Migration, Sequence[Migration]]
) -> None:
    """Reject files of the project that create or drop relations of the originals.

    Such are the dumps of `supabase db pull` and `supabase migration squash`, and what
    `supabase db diff` writes where a database lacks the relations. What one file creates and a
    later one drops does not count.
    """
    own = {
        change.relation
        for original in copies
        for change in find_relation_changes(original.sql)
        if change.is_created
    }
    known = {copy for found in copies.values() for copy in found}
    present: set[str] = set()
    created: dict[str, str] = {}
    dropped: dict[str, str] = {}
    for migration in folder:
        is_copy = migration in known or _HEADER.match(migration.sql) is not None
        for change in find_relation_changes(migration.sql):
            name = change.relation
            if change.is_created and is_copy:
                present.add(name)
                dropped.pop(name, None)
            elif change.is_created:
                created[name] = migration.stem
            else:
                created.pop(name, None)
                if name in present and not is_copy:
                    dropped[name] = migration.stem
                present.discard(name)
    own_created = own - {_TABLE_OF_THE_FIRST_VERSION}
    problems = [
        f"{stem}.sql creates {names}, as Prompt Capture does. `supabase db pull` and "
        "`supabase migration squash` write such files, which lack rows and jobs that Prompt "
        "Capture needs. Remove Prompt Capture's objects from it, or the whole file if it has "
        "nothing else. Rename a table or view of your own. Then run this again."
        for stem, names in _by_file(created, own_created)
    ] + [
        f"{stem}.sql drops {names}, which Prompt Capture needs. `supabase db diff` writes such "
        "statements where the local database lacks Prompt Capture. Remove them, or the whole file "
        "if it has nothing else, and run this again."
        for stem, names in _by_file(dropped, own)
    ]
    if problems:
        raise MigrationConflict("\n".join(problems))


def _by_file(files: Mapping[str, str], relations: Set[str]) -> Iterator[tuple[str, str]]:
    """Yield each file with those of its relations that are among `relations`."""
    found = sorted((stem, name) for name, stem in files.items() if name in relations)
    for stem, names in itertools.groupby(found, lambda each: each[0]):
        yield stem, ", ".join(name for _, name in names)
