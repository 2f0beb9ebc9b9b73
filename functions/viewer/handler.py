"""The door of the viewer: a link in a message leads to the function's URL."""

from __future__ import annotations

import os
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.metrics import MetricUnit

from functions.runtime import clients
from functions.runtime.report_links import RememberedKey
from functions.runtime.settings import Environment
from functions.runtime.telemetry import about, new_logger, new_metrics
from functions.viewer.open import Opened, Viewer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

environment = Environment(os.environ)
logger = new_logger()
metrics = new_metrics()
viewer = Viewer(
    s3=clients.s3(),
    bucket=environment.text("NIGHTJAR_REPORTS_BUCKET"),
    key=RememberedKey(clients.secrets(), environment.text("NIGHTJAR_REPORT_SECRET_ID")),
)

# The same for a link that is none and a report that is not there: a guess must not learn which it was.
_PAGE: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<meta name="color-scheme" content="light dark"><title>{title} · Nightjar</title>'
    "<h1>{title}</h1><p>{says}</p></html>"
)
_SAYS: Final = {
    HTTPStatus.NOT_FOUND: (
        "There is no report here",
        "It may not be written yet: try again later. It is removed after a while. And only a whole link works.",
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: ("A report can only be read", "Open the link in a browser."),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "The report cannot be shown now",
        "That is our fault, and those who run Nightjar are told. Try again in a few minutes.",
    ),
}


def answer(came: Opened) -> dict[str, Any]:
    """Return what the browser hears. Nothing of it is kept anywhere, and no other page learns where it led."""
    headers = {"cache-control": "no-store", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff"}
    if came.status is HTTPStatus.FOUND:
        return {"statusCode": came.status.value, "headers": {**headers, "location": came.at}, "body": ""}
    title, says = _SAYS[came.status]
    headers |= {"content-type": "text/html; charset=utf-8", "content-security-policy": "default-src 'none'"}
    return {"statusCode": came.status.value, "headers": headers, "body": _PAGE.format(title=title, says=says)}


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Lead one caller to a report."""
    metrics.add_metric("ViewerCalls", MetricUnit.Count, 1)
    try:
        came = viewer.open(event)
    except Exception as error:  # noqa: BLE001 - Lambda would log the error's own words; the alarm counts the 500
        logger.error("A report could not be opened.", extra=about(error))
        return answer(Opened(HTTPStatus.INTERNAL_SERVER_ERROR, "failed"))
    metrics.add_metric("ReportsOpened", MetricUnit.Count, int(came.status is HTTPStatus.FOUND))
    # Neither the path, which is the key to the report, nor whose it is.
    logger.info("A link was followed.", extra={"status": came.status.value, "reason": came.why})
    return answer(came)
