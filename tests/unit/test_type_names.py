"""A class name means one thing in the whole repository."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = (
    "benchmarks",
    "cli",
    "clients",
    "examples",
    "functions",
    "infra",
    "shared",
    "tests",
    "training",
)


def class_definitions(folder: Path) -> dict[str, list[str]]:
    """Return where each class below a folder is defined, by its name without underscores."""
    definitions: dict[str, list[str]] = defaultdict(list)
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                place = f"{file.relative_to(ROOT)}:{node.lineno}"
                definitions[node.name.lstrip("_")].append(place)
    return definitions


def test_every_class_name_is_defined_once() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for folder in FOLDERS:
        for name, defined in class_definitions(ROOT / folder).items():
            places[name] += defined

    assert len(places) > 100
    assert {name: defined for name, defined in places.items() if len(defined) > 1} == {}


def test_no_folder_with_python_code_is_left_out() -> None:
    packages = {file.parent.name for file in ROOT.glob("*/__init__.py")}

    assert packages <= set(FOLDERS)
