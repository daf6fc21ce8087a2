"""Links, paths and targets in the documentation lead somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
READMES_OF = ("clients/python", "infra/lambda_emulator", "model_artifacts")
READMES = [ROOT / folder / "README.md" for folder in READMES_OF]
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *READMES])
FOLDERS = "|".join(sorted(path.name for path in ROOT.iterdir() if (path / "__init__.py").is_file()))
PATHS = rf"`((?:{FOLDERS}|docs|functions|model_artifacts|shared|supabase)/[\w./*-]+)`"


def prose(page: Path) -> str:
    """Return a page without its code blocks."""
    return re.sub(
        r"^( *)```.*?^\1```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE
    )


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    found: list[str] = []
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        text = re.sub(r"\[(.+?)\]\(.+?\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
        repeated = found.count(slug)
        found.append(slug)
        if repeated:
            found.append(f"{slug}-{repeated}")
    return set(found)


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Yield the target and the anchor of each relative link."""
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", prose(page)):
        yield (page.parent / target if target else page), anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file_and_its_heading(page: Path) -> None:
    dead = [
        f"{target}#{anchor}"
        for target, anchor in links(page)
        if not target.exists() or (anchor and anchor not in anchors(target))
    ]

    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_of_the_repository_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(PATHS, page.read_text("utf-8"))

    assert [path for path in named if not list(ROOT.glob(path.rstrip("/")))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    named = re.findall(r"(?:^|`|&& )make ([a-z-]+)\b(?!=)", page.read_text("utf-8"), re.MULTILINE)

    assert [target for target in named if target not in targets] == []


def test_the_index_leads_to_every_page() -> None:
    index = DOCS / "README.md"
    linked = {target.resolve() for target, _ in links(index)}

    assert [page for page in DOCS.rglob("*.md") if page not in {*linked, index}] == []


def test_the_glossary_is_in_alphabetical_order() -> None:
    terms = re.findall(r"^\*\*([^.*(]+)", (DOCS / "glossary.md").read_text("utf-8"), re.MULTILINE)
    names = [term.strip().lower() for term in terms]

    assert names == sorted(names)
