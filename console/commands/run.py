"""`nightjar run`: start a night now on a deployed stage."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from console.errors import Unusable
from console.options import EndpointOption, NightOption, ProfileOption, RegionOption, StageOption, night_of
from console.stage import Stage


def run(
    merchant: Annotated[str | None, typer.Option("--merchant", metavar="ID", help="Only this merchant.")] = None,
    night: NightOption = None,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Start a night now. Merchants whose audit of that night is done are not asked again."""
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    on = night_of(night)
    if on > datetime.now(UTC).date() + timedelta(days=1):
        raise Unusable(
            f"{on} lies in the future. A night closes the book on every night before it, so that findings would stand "
            "still until then; name tonight's date or an earlier one."
        )
    event: dict[str, str] = {"night": on.isoformat()}
    if merchant is not None:
        event["merchant_id"] = merchant
    with at.explained():
        answer = at.client("lambda").invoke(
            FunctionName=f"{at.prefix}dispatcher", InvocationType="RequestResponse", Payload=json.dumps(event).encode()
        )
        body = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError") or not isinstance(body, dict):
        said = body.get("errorMessage", "it did not say why") if isinstance(body, dict) else "it did not say why"
        raise Unusable(f"The dispatcher failed: {said}")
    typer.echo(
        f"Night {body['night']}: {body['sent']} sent, {body['already_done']} already done, "
        f"{body['disabled']} switched off"
        + (f", {body['shards']} further dispatchers started." if body.get("shards") else ".")
    )
    typer.echo("nightjar findings shows what comes of it.", err=True)
