"""The reference pages name every setting, route, error and option of the code, and no others."""

import ast
import importlib
import pkgutil
import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic_core import PydanticUndefined

from cli.checks.interface import DoctorSettings
from cli.checks.registry import CHECKS
from prompt_capture import settings
from prompt_capture.api import errors
from prompt_capture.api.tokens import TokenVerifier
from prompt_capture.domain.captures import CaptureStatus
from prompt_capture.domain.changes import ChangeStatus
from prompt_capture.domain.datasets.audits import Precision
from prompt_capture.domain.datasets.lines import DatasetCounts, ExclusionReason
from prompt_capture.domain.datasets.manifest import DatasetObject, Manifest
from prompt_capture.domain.datasets.requests import ExportedDataset, ExportRequest
from prompt_capture.domain.spool import DrainResult
from prompt_capture.settings.base import Settings
from prompt_capture.workflows.serve_model import Change
from tests.fakes.prompt_store import InMemoryPromptStore
from tests.unit.commands import all_commands
from tests.unit.conftest import INTENTS, make_apps
from tests.unit.tokens import SUPABASE_URL

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
UNREAD_VARIABLES = {"PARAMETERS_VERSION"}
"""Variables of `serverless.yml` that no function reads."""

APPS = make_apps(InMemoryPromptStore(users=[], intents=INTENTS), TokenVerifier(SUPABASE_URL))
COMMANDS = all_commands()


def read_page(page: str) -> str:
    return (REFERENCE / page).read_text("utf-8")


class TemplateLoader(yaml.SafeLoader):
    """Reads CloudFormation's tags as None."""


TemplateLoader.add_multi_constructor("!", lambda loader, tag, node: None)


def read_template(file: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.load((ROOT / file).read_text("utf-8"), TemplateLoader)
    return content


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


def first_column_names(text: str, pattern: str = r"[\w.-]+") -> list[str]:
    """Return the names in backticks in the first column of all tables."""
    return [name for row in table_rows(text) for name in re.findall(rf"`({pattern})`", row[0])]


def settings_classes() -> list[type[Settings]]:
    """Return the classes that the modules of the settings define."""
    modules = [
        importlib.import_module(f"{settings.__name__}.{module.name}")
        for module in pkgutil.iter_modules(settings.__path__)
    ]
    return [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Settings)
        and value.__module__ == module.__name__
    ]


def settings_defaults() -> dict[str, list[str]]:
    """Return each variable's defaults as the page shows them; several classes may read one."""
    classes: list[type[Settings]] = [*settings_classes(), DoctorSettings]
    defaults: dict[str, list[str]] = {}
    for settings_class in classes:
        for name, field in settings_class.model_fields.items():
            defaults.setdefault(name.upper(), []).append(display_default(field.default))
    return defaults


def display_default(default: object) -> str:
    """Return a default as the page shows it."""
    if default is PydanticUndefined:
        return "required"
    if default is None:
        return "unset"
    if isinstance(default, tuple):
        return ",".join(map(str, default)) or "none"
    return str(default)


def error_codes(module: Path) -> set[tuple[str, str]]:
    """Return the code and status of each `ApiError` that a module creates with constants."""
    codes = set()
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        match node:
            case ast.Call(
                func=ast.Name("ApiError"),
                args=[ast.Constant(int(status)), ast.Constant(str(code)), *_],
            ):
                codes.add((code, str(status)))
    return codes


def test_every_setting_is_documented_and_no_others() -> None:
    documented = first_column_names(
        read_page("settings.md").partition("\n## Deployment parameters\n")[0]
    )

    assert sorted(documented) == sorted({*settings_defaults(), *UNREAD_VARIABLES})


def test_the_defaults_of_settings_are_those_of_the_code() -> None:
    defaults = settings_defaults()
    rows = table_rows(read_page("settings.md").partition("\n## Deployment parameters\n")[0])
    documented = {row[0].strip("`"): row[1].strip("`") for row in rows}

    wrong = {
        name: (documented[name], values)
        for name, values in defaults.items()
        if documented[name] not in values
    }
    assert wrong == {}


def test_every_deployment_parameter_is_documented_with_its_value() -> None:
    parameters = read_template("serverless.yml")["params"]
    rows = {
        row[0].strip("`"): [cell.strip("`") for cell in row[1:3]]
        for row in table_rows(section(read_page("settings.md"), "## Deployment parameters"))
    }
    del rows["parametersVersion"]  # has its default where it is used

    def value_of(parameter: Any) -> str:
        return "unreserved" if parameter is None else str(parameter) or "none"

    default = parameters["default"]
    assert rows == {
        name: [value_of(value), value_of(parameters["prod"].get(name, value))]
        for name, value in default.items()
    }


def test_every_error_is_documented_with_its_status_and_no_others() -> None:
    rows = table_rows(section(read_page("api.md"), "## Errors"))
    documented = {(row[0].strip("`"), row[1]) for row in rows}
    modules = Path(errors.__file__).parent.glob("*.py")
    raised = {code for module in modules for code in error_codes(module)}

    assert documented == raised | {("request_rejected", "varies")}


def test_every_route_and_field_is_documented_and_no_others() -> None:
    page = read_page("api.md")
    routes = {
        f"{method.upper()} {path}": (app.openapi(), operation)
        for app in APPS.values()
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    }

    assert set(re.findall(r"`((?:GET|POST) /v1[\w/{}-]+)`", page)) == set(routes)
    for route, (description, operation) in routes.items():
        check_fields(section(page, f"## `{route}`"), description, operation)


def check_fields(text: str, description: dict[str, Any], operation: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]

    def fields(content: dict[str, Any]) -> set[str]:
        schema = content["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        return set(schemas[schema]["properties"])

    request = fields(operation["requestBody"]) if "requestBody" in operation else set()
    response = fields(operation["responses"]["200"])
    tables = {row[0].strip("`") for row in table_rows(text)}
    assert request <= tables
    assert tables - request - response <= set(get_args(CaptureStatus))
    assert all(f"`{name}`" in text for name in response)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_documented_and_no_others(name: str) -> None:
    documented = first_column_names(section(read_page("cli.md"), f"## `{name}`"))
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
    page = read_page("cli.md")

    assert re.findall(r"^## `([\w -]+)`$", page, re.MULTILINE) == list(COMMANDS)
    assert re.findall(r"^\| \[`([\w -]+)`\]", page, re.MULTILINE) == list(COMMANDS)


def test_every_field_of_a_dataset_is_documented_and_no_others() -> None:
    page = read_page("datasets.md")
    request = table_rows(section(page, "## Request"))
    documented = [row[0].strip("`") for row in request[: len(ExportRequest.model_fields)]]
    manifest = section(page, "## Manifest")

    assert documented == list(ExportRequest.model_fields)
    assert first_column_names(manifest) == list(Manifest.model_fields)
    for model in (DatasetObject, DatasetCounts, Precision, ExportedDataset):
        assert [name for name in model.model_fields if f"`{name}`" not in page] == []


def test_every_reason_for_exclusion_is_documented_and_no_others() -> None:
    documented = first_column_names(section(read_page("datasets.md"), "## Reasons for exclusion"))

    assert documented == list(get_args(ExclusionReason))


def test_every_metric_is_documented_and_no_others() -> None:
    rows = table_rows(section(read_page("metrics.md"), "## Metrics"))
    documented: dict[str, set[str]] = {
        service: set() for service in ("classify-and-log", "drain", "record-outcome", "export")
    }
    for services, metric, _ in rows:
        for service, metrics in documented.items():
            if service in services or services == "all of these":
                metrics.add(metric.strip("`"))
    captured = {status.capitalize() for status in get_args(CaptureStatus)} - {"Writing"}

    assert documented["classify-and-log"] == captured | {
        "Messages",
        "ClassifyDuration",
        "WriteDuration",
        "SpoolDuration",
        "ColdStart",
        *get_args(Change),
    }
    assert documented["drain"] == {
        "DrainDuration",
        "ColdStart",
        *(result.capitalize() for result in get_args(DrainResult)),
    }
    assert documented["export"] == {"ColdStart", "Cleaned", "Uncleaned"}
    assert documented["record-outcome"] == {
        "ColdStart",
        *(status.capitalize() for status in get_args(ChangeStatus)),
    }


def test_every_alarm_is_documented_and_no_others() -> None:
    resources = read_template("infra/aws/alarms.yml")["Resources"]
    alarms = {name for name, one in resources.items() if one["Type"] == "AWS::CloudWatch::Alarm"}
    guide = (ROOT / "docs/how-to/operate.md").read_text("utf-8")
    actions = set(first_column_names(section(guide, "## Receive alarms"), r"[\w.]+"))
    suffixes = {name[3:] for name in actions if name.startswith("...")}

    assert set(first_column_names(section(read_page("metrics.md"), "## Alarms"))) == alarms
    assert actions - {f"...{suffix}" for suffix in suffixes} == {
        name for name in alarms if not name.endswith(tuple(suffixes))
    }


def test_every_stack_output_that_the_guides_name_exists() -> None:
    outputs = {
        name
        for file in (ROOT / "infra" / "aws").glob("*.yml")
        for name in read_template(str(file.relative_to(ROOT))).get("Outputs", {})
    }
    guides = "".join(page.read_text("utf-8") for page in (ROOT / "docs/how-to").glob("*.md"))
    named = re.findall(r"\(outputs (\w+)\)|OutputKey=='(\w+)'|output `(\w+)`", guides)

    assert named
    assert {name for groups in named for name in groups if name} <= outputs


def test_every_check_of_doctor_is_documented_in_its_order() -> None:
    guide = (ROOT / "docs/how-to/check-a-deployment.md").read_text("utf-8")

    assert [row[0] for row in table_rows(guide)] == list(CHECKS)


def test_the_messages_that_the_review_guide_explains_are_those_of_the_database() -> None:
    guide = (ROOT / "docs/how-to/review.md").read_text("utf-8")
    schema = "".join(file.read_text("utf-8") for file in (ROOT / "supabase/schemas").glob("*.sql"))
    messages = re.findall(r'^\| "(.+?)" \|', guide, re.MULTILINE)

    assert messages
    assert [message for message in messages if f"exception '{message}'" not in schema] == []
