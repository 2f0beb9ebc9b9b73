"""The door of the fetcher: messages of the fetch queue, one merchant each."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from random import Random
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from functions.audit.absence import Absent, Reason
from functions.audit.budget import Rate
from functions.audit.errors import InvalidMessage, NightjarError
from functions.audit.jobs import FetchJob
from functions.audit.merchant import Merchant
from functions.audit.profile import default_profile, sentence
from functions.audit.snapshot import Snapshot
from functions.fetcher.collect import Collected, Collector
from functions.fetcher.fetch import Fetcher
from functions.fetcher.gate import LINE_REACH, Gate
from functions.fetcher.google_secret import StoredGoogle
from functions.fetcher.http import Http
from functions.fetcher.pace import Pacer
from functions.fetcher.sources.oauth import AppKeys
from functions.fetcher.sources.research import Research
from functions.runtime import clients
from functions.runtime.batches import Record, each_queue_message
from functions.runtime.settings import Environment
from functions.runtime.telemetry import about, new_logger, new_metrics
from functions.runtime.tiktok_app import RememberedApp, TikTokApp, stored_app
from functions.store.tables import Tables
from functions.store.tokens import Tokens

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.typing import LambdaContext

# Three quarters of the function's 60 seconds. The rest is for storing what was seen, and is kept whatever the sources'
# share comes to: an answer that arrived and cannot be stored may cost a merchant its connection.
SECONDS_FOR_SOURCES = 45.0
SECONDS_TO_STORE = 15.0
# With less than this a token is hardly renewed, and whoever comes again finds more.
FEWEST_SECONDS = 20.0

environment = Environment(os.environ)
logger = new_logger()
metrics = new_metrics()
tables = Tables(clients.dynamodb(), environment.table_prefix)
grants = Tokens(
    clients.dynamodb(),
    f"{environment.table_prefix}tokens",
    kms=clients.kms(),
    key_id=environment.text("NIGHTJAR_TOKENS_KEY_ID"),
)
secret_id = environment.text("NIGHTJAR_TIKTOK_SECRET_ID")
stored = RememberedApp(lambda: stored_app(clients.secrets(), secret_id))
google_secret_id = environment.text("NIGHTJAR_GOOGLE_SECRET_ID")
hosts = environment.host_policy
snapshot_days = environment.number("NIGHTJAR_SNAPSHOT_DAYS")
research_api = environment.switched_on("NIGHTJAR_RESEARCH_API")
profile = default_profile()
# One loop and one client for the container's life: connections stay open between merchants.
runner = asyncio.Runner()
requests_a_minute = environment.number("NIGHTJAR_TIKTOK_PER_MINUTE")
pacer = Pacer(tables.budget("tiktok", Rate.per_minute(requests_a_minute)))
line = tables.budget("tiktok-line", Rate.per_minute(requests_a_minute, reach=LINE_REACH))
gate = Gate(pacer, line, Random())  # noqa: S311 - for a crowd to come apart, nothing to guess
queue_url = environment.text("NIGHTJAR_EVALUATE_QUEUE_URL")
own_queue_url = environment.text("NIGHTJAR_FETCH_QUEUE_URL")
max_receives = environment.number("NIGHTJAR_MAX_RECEIVES")
http = Http(hosts, pace=pacer)
google = StoredGoogle(
    lambda: clients.secrets().get_secret_value(SecretId=google_secret_id)["SecretString"], hosts, os.environ
)


def app() -> TikTokApp | Absent:
    """Return the TikTok app as it is stored, or why it cannot be read now: the next fetch asks again."""
    try:
        return stored()
    except (BotoCoreError, ClientError, NightjarError) as error:
        logger.error("The TikTok app's keys cannot be read; tokens are not refreshed.", extra=about(error))
        return Absent.because(Reason.SOURCE_FAILED, "the TikTok app's keys could not be read")


def app_keys() -> AppKeys | Absent | None:
    """Return the TikTok app's keys, or why they cannot be read; ``None`` when nobody has stored them yet."""
    known = app()
    if isinstance(known, Absent):
        return known
    return AppKeys(known.client_key, known.client_secret) if known.complete else None


def business_keys() -> AppKeys | None:
    """Return the keys of the operator's app at TikTok's API for Business; ``None`` for the many who have none."""
    known = app()
    if isinstance(known, Absent) or not (known.business_app_id and known.business_app_secret.get_secret_value()):
        return None
    return AppKeys(known.business_app_id, known.business_app_secret)


def research() -> Research | None:
    """Return the container's way to the Research API; ``None`` where it is switched off or the app has no keys."""
    keys = app_keys() if research_api else None
    return research_with(keys) if isinstance(keys, AppKeys) else None


@lru_cache(maxsize=1)
def research_with(keys: AppKeys) -> Research:
    """Return the way with these keys, which remembers its token and whether its quota is spent."""
    return Research(keys)


def seconds_for_sources(left: float) -> float:
    """Return how long a merchant's sources may take in a call that has so many seconds left.

    Raises:
        NightjarError: too few are left after what came before, a slow table say; the message comes again.
    """
    seconds = min(SECONDS_FOR_SOURCES, left - SECONDS_TO_STORE)
    if seconds < FEWEST_SECONDS:
        raise NightjarError("Too little of the function's time is left to ask the sources.")
    return seconds


async def fetch(merchant: Merchant, job: FetchJob, now: datetime, *, seconds_left: Callable[[], float]) -> Snapshot:
    """Ask one merchant's sources, in what the function's time leaves for it."""
    fetcher = Fetcher(
        http,
        grants,
        app_keys(),
        hosts,
        seconds_for_sources(seconds_left()),
        google=google,
        research=research(),
        business_keys=business_keys(),
    )
    return await fetcher.fetch(merchant, job.night, profile.periods_of(job.night), now=now)


def collector(seconds_left: Callable[[], float]) -> Collector:
    """Return what does a message in a call that has so many seconds left."""
    return Collector(
        tables=tables,
        sqs=clients.sqs(),
        queue_url=queue_url,
        own_queue_url=own_queue_url,
        gate=gate,
        profile=profile,
        snapshot_ttl=lambda now: now + timedelta(days=snapshot_days),
        max_receives=max_receives,
        fetch=partial(fetch, seconds_left=seconds_left),
        on_given_up=lambda job, error: logger.error(
            "The last permitted fetch failed; a snapshot of absences takes its place.",
            extra={"merchant_id": job.merchant_id, "night": job.night.isoformat(), **about(error)},
        ),
    )


def fetch_one(record: Record, *, seconds_left: Callable[[], float]) -> None:
    """Do what one message asks for.

    Raises:
        InvalidMessage: the message is not one of ours; it ends in the dead-letter queue, where an alarm watches.
    """
    try:
        job = FetchJob.model_validate_json(record["body"])
        receive_count = int(record["attributes"]["ApproximateReceiveCount"])
    except ValidationError as error:
        raise InvalidMessage(f"This is not a fetch message: {sentence(error)}.") from error
    collecting = collector(seconds_left).collect(job, receive_count=receive_count, now=datetime.now(UTC))
    came_of_it, snapshot = runner.run(collecting)
    if snapshot is not None:
        metrics.add_metric("Fetches", MetricUnit.Count, 1)
        metrics.add_metric("SourceAbsences", MetricUnit.Count, _absences(snapshot))
    if came_of_it is Collected.POSTPONED:
        metrics.add_metric("FetchesPostponed", MetricUnit.Count, 1)
    logger.info(
        "Fetched.",
        extra={"merchant_id": job.merchant_id, "night": job.night.isoformat(), "status": came_of_it.value},
    )


def _absences(snapshot: Snapshot) -> int:
    parts = (snapshot.token, snapshot.stats, snapshot.sessions, snapshot.pages, snapshot.sources)
    return sum(isinstance(part, Absent) for part in parts)


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Fetch for every message of the batch; name those that failed."""
    metrics.add_metric("FetcherBatches", MetricUnit.Count, 1)
    one = partial(fetch_one, seconds_left=lambda: context.get_remaining_time_in_millis() / 1000)
    return each_queue_message(event, one, logger)
