"""What other tests pretend to have is what the templates deploy: the tables and each function's environment."""

from __future__ import annotations

from typing import Any

import pytest

from tests.events.wiring import OF_REPORTS, ROOMS, environment_of
from tests.infra.templates import Stacks
from tests.tables import KEYS, PREFIX, shape

pytestmark = pytest.mark.slow


def _comparable(table: dict[str, Any]) -> dict[str, Any]:
    """Return what makes up a table's shape, in an order of its own."""
    indexes = table.get("GlobalSecondaryIndexes", [])
    return {
        "keys": table["KeySchema"],
        "attributes": sorted(table["AttributeDefinitions"], key=repr),
        "indexes": sorted(({**index} for index in indexes), key=repr),
        "stream": table.get("StreamSpecification", {}).get("StreamViewType"),
        "billing": table["BillingMode"],
    }


def test_the_pretended_tables_are_those_of_the_template(prod: Stacks) -> None:
    deployed = {
        table["TableName"].removeprefix("nightjar-prod-"): _comparable(table)
        for table in prod.data.of_type("DynamoDB::Table").values()
    }

    assert deployed == {name: _comparable(shape(name, PREFIX)) for name in KEYS}


@pytest.mark.parametrize("room", [room for room in ROOMS if room not in OF_REPORTS])
def test_the_pretended_environment_names_what_the_template_names(demo: Stacks, room: str) -> None:
    # The demo has every function that there can be, but for those of reports: test_reports.py looks at them.
    function = demo.app.named("Lambda::Function", "FunctionName", f"nightjar-demo-{room}")

    assert set(environment_of(room)) == set(function["Environment"]["Variables"])
