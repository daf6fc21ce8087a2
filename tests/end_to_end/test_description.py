"""The deployed functions against their OpenAPI descriptions."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.end_to_end.conftest import DeployedStack


@pytest.mark.parametrize("url", ["classify_url", "outcomes_url", "corrections_url"])
def test_a_deployed_function_conforms_to_its_description(
    deployment: DeployedStack, url: str
) -> None:
    """The schema cannot express what a backend must add: the unit tests cover it."""
    base = getattr(deployment.stack, url).rpartition("/v1/")[0]
    schema = schemathesis.openapi.from_url(f"{base}/openapi.json")
    operation = schema[f"/v1/{getattr(deployment.stack, url).rpartition('/')[2]}"]["POST"]

    @given(case=operation.as_strategy())
    @settings(
        max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    def run(case: Any) -> None:
        case.call_and_validate(
            base_url=base, headers=deployment.key, excluded_checks=[positive_data_acceptance]
        )

    run()
