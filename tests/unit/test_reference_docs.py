"""The reference pages name every setting, route, error and option of the code, and no others."""

import ast
import re
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
import yaml
from pydantic_core import PydanticUndefined

from cli.checks.settings import DoctorSettings
from cli.main import app
from prompt_capture import settings
from prompt_capture.adapters.memory_store import InMemoryPromptStore
from prompt_capture.api import errors
from prompt_capture.api.tokens import TokenVerifier
from prompt_capture.domain.captures import CaptureStatus
from prompt_capture.domain.datasets.manifests import DatasetCounts, DatasetObject, Manifest
from prompt_capture.domain.datasets.requests import ExportedDataset, ExportRequest
from prompt_capture.domain.datasets.tiers import Precision
from prompt_capture.settings import Settings
from tests.unit.conftest import INTENTS, make_apps
from tests.unit.tokens import SUPABASE_URL

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
UNREAD_VARIABLES = {"PARAMETERS_VERSION"}
"""Variables of `serverless.yml` that no function reads."""

APPS = make_apps(InMemoryPromptStore(users=[], intents=INTENTS), TokenVerifier(SUPABASE_URL))
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def read(page: str) -> str:
    return (REFERENCE / page).read_text("utf-8")


def section(text: str, heading: str) -> str:
    """Return the text below a heading, up to the next one of the same or a higher level."""
    level = heading.partition(" ")[0]
    _, found, rest = text.partition(f"\n{heading}\n")
    assert found, f"There is no heading {heading!r}."
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def table_rows(text: str) -> list[list[str]]:
    """Return the cells of all table rows, without headers."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    rulers = {number for number, row in enumerate(rows) if set("".join(row)) <= set("-:")}
    return [row for n, row in enumerate(rows) if n not in rulers and n + 1 not in rulers]


def names(text: str, pattern: str = r"[\w.-]+") -> list[str]:
    """Return what stands in backticks in the first column of all tables."""
    return [name for row in table_rows(text) for name in re.findall(rf"`({pattern})`", row[0])]


def settings_defaults() -> dict[str, list[str]]:
    """Return what the page shows as default: each variable may belong to several classes."""
    classes = [*Settings.__subclasses__()]
    for one in classes:
        classes += one.__subclasses__()
    ours = [one for one in classes if one.__module__ == settings.__name__]
    defaults: dict[str, list[str]] = {}
    for one in [*ours, DoctorSettings]:
        for name, field in one.model_fields.items():
            defaults.setdefault(name.upper(), []).append(shown(field.default))
    return defaults


def shown(default: object) -> str:
    if default is PydanticUndefined:
        return "required"
    if default is None:
        return "unset"
    if isinstance(default, tuple):
        return ",".join(map(str, default)) or "none"
    return str(default)


def raised_codes(module: Path) -> set[tuple[str, int]]:
    """Return the code and status of each `ApiError` that a module creates."""
    calls = [node for node in ast.walk(ast.parse(module.read_text("utf-8"))) if is_api_error(node)]
    return {
        (call.args[1].value, call.args[0].value)
        for call in calls
        if isinstance(call.args[0], ast.Constant) and isinstance(call.args[1], ast.Constant)
    }


def is_api_error(node: ast.AST) -> Any:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ApiError"


def test_every_setting_is_documented_and_no_others() -> None:
    documented = names(read("settings.md").partition("\n## Deployment parameters\n")[0])

    assert sorted(documented) == sorted({*settings_defaults(), *UNREAD_VARIABLES})


def test_the_defaults_of_settings_are_those_of_the_code() -> None:
    defaults = settings_defaults()
    rows = table_rows(read("settings.md").partition("\n## Deployment parameters\n")[0])
    documented = {row[0].strip("`"): row[1].strip("`") for row in rows}

    wrong = {
        name: (documented[name], values)
        for name, values in defaults.items()
        if documented[name] not in values
    }
    assert wrong == {}


def test_every_deployment_parameter_is_documented_with_its_value() -> None:
    class Loader(yaml.SafeLoader):
        """Reads CloudFormation's tags as None."""

    Loader.add_multi_constructor("!", lambda loader, tag, node: None)
    parameters = yaml.load((ROOT / "serverless.yml").read_text("utf-8"), Loader)["params"]
    rows = {
        row[0].strip("`"): [cell.strip("`") for cell in row[1:3]]
        for row in table_rows(section(read("settings.md"), "## Deployment parameters"))
    }
    del rows["parametersVersion"]  # has its default where it is used

    def value_of(parameter: Any) -> str:
        return "unreserved" if parameter is None else str(parameter)

    default = parameters["default"]
    assert rows == {
        name: [value_of(value), value_of(parameters["prod"].get(name, value))]
        for name, value in default.items()
    }


def test_every_error_is_documented_with_its_status_and_no_others() -> None:
    rows = table_rows(section(read("api.md"), "## Errors"))
    documented = {(row[0].strip("`"), row[1]) for row in rows}
    modules = Path(errors.__file__).parent.glob("*.py")
    raised = {(code, str(status)) for module in modules for code, status in raised_codes(module)}

    assert documented == raised | {("request_rejected", "varies")}


def test_every_route_and_field_is_documented_and_no_others() -> None:
    page = read("api.md")
    paths = {path for app in APPS.values() for path in app.openapi()["paths"]}

    assert set(re.findall(r"`POST (/[\w/]+)`", page)) == paths
    for api in APPS.values():
        description = api.openapi()
        for path in description["paths"]:
            check_fields(section(page, f"## `POST {path}`"), description, path)


def check_fields(text: str, description: dict[str, Any], path: str) -> None:
    operation = description["paths"][path]["post"]
    schemas = description["components"]["schemas"]

    def fields(content: dict[str, Any]) -> set[str]:
        schema = content["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        return set(schemas[schema]["properties"])

    request = fields(operation["requestBody"])
    response = fields(operation["responses"]["200"])
    tables = {row[0].strip("`") for row in table_rows(text)}
    assert request <= tables
    assert tables - request - response <= set(get_args(CaptureStatus))
    assert all(f"`{name}`" in text for name in response)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_documented_and_no_others(name: str) -> None:
    documented = names(section(read("cli.md"), f"## `{name}`"))
    parameters = [one for one in COMMANDS[name].params if one.name != "help"]
    options = [
        option
        for one in parameters
        for option in (
            [one.name] if one.param_type_name == "argument" else [*one.opts, *one.secondary_opts]
        )
    ]

    assert sorted(documented) == sorted(options)


def test_every_command_is_documented_and_no_others() -> None:
    page = read("cli.md")

    assert re.findall(r"^## `([\w-]+)`$", page, re.MULTILINE) == list(COMMANDS)
    assert re.findall(r"^\| \[`([\w-]+)`\]", page, re.MULTILINE) == list(COMMANDS)


def test_every_field_of_a_dataset_is_documented_and_no_others() -> None:
    page = read("datasets.md")
    request = table_rows(section(page, "## Request"))
    documented = [row[0].strip("`") for row in request[: len(ExportRequest.model_fields)]]
    manifest = section(page, "## Manifest")

    assert documented == list(ExportRequest.model_fields)
    assert names(manifest) == list(Manifest.model_fields)
    for model in (DatasetObject, DatasetCounts, Precision, ExportedDataset):
        assert [name for name in model.model_fields if f"`{name}`" not in page] == []


def test_every_reason_for_exclusion_is_documented_and_no_others() -> None:
    documented = set(names(section(read("datasets.md"), "## Reasons for exclusion")))
    package = Path(settings.__file__).parent
    modules = [*package.glob("domain/datasets/*.py"), *package.glob("workflows/datasets/*.py")]
    source = "\n".join(module.read_text("utf-8") for module in modules)
    selector = (package / "workflows/datasets/candidate_selector.py").read_text("utf-8")

    assert [name for name in documented if f'"{name}"' not in source] == []
    assert set(re.findall(r'(?:return|else) "(\w+)"', selector)) <= documented
