"""Stages as data: what differs between dev, prod and demo, read from ``stages.toml`` and checked before any synth."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

DEFAULT_FILE: Final = Path(__file__).with_name("stages.toml")
DEFAULT_STAGE: Final = "dev"
LOOPBACK_STAGE: Final = "demo"

# The only retentions that CloudWatch Logs accepts (API reference, PutRetentionPolicy).
LOG_DAYS: Final = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
)

_NAME = re.compile(r"[a-z][a-z0-9-]{0,15}")
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_SENDER = re.compile(r"(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,11}")
_READER = re.compile(r"\d{12}|arn:aws(-[a-z]+)*:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)
# The last label has a letter first: what ends in a number is an IP address to some reader of URLs or other.
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?")


class StageError(ValueError):
    """A stage cannot be used. The message says where, why and what to write; it never repeats an address or number."""


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise ValueError("not an email address: write one address, as in shop@example.com")
    return value


def _phone(value: str) -> str:
    if not _E164.fullmatch(value):
        raise ValueError("not an E.164 number: write +, country code and number without spaces, as in +442079460000")
    return value


def _host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError(
            "not one host's name: write it in full and in lower case, no https://, port or path, no pattern and no IP "
            "address, as in open.tiktokapis.com"
        )
    return value


def _reader(value: str) -> str:
    if not _READER.fullmatch(value):
        raise ValueError(
            "neither an account nor a role: write the account's twelve digits, or one role's ARN without a pattern, "
            "as in arn:aws:iam::111122223333:role/reports"
        )
    return value


def _sender(value: str) -> str:
    if not _SENDER.fullmatch(value):
        raise ValueError("not a sender of text messages: 1 to 11 of A-Z, a-z and 0-9, a letter among them")
    return value


def _log_days(value: int) -> int:
    if value not in LOG_DAYS:
        raise ValueError(
            f"CloudWatch Logs does not know this retention: write one of {', '.join(map(str, sorted(LOG_DAYS)))}"
        )
    return value


def _whole_minute(value: time) -> time:
    if value.second or value.microsecond or value.tzinfo:
        raise ValueError("schedules run on whole minutes of UTC: write it as in 02:15:00")
    return value


Email = Annotated[str, AfterValidator(_email)]
Phone = Annotated[str, AfterValidator(_phone)]
Sender = Annotated[str, AfterValidator(_sender)]
Host = Annotated[str, AfterValidator(_host)]
Reader = Annotated[str, AfterValidator(_reader)]
UtcTime = Annotated[time, AfterValidator(_whole_minute)]


class Stage(BaseModel):
    """One deployment. Times are UTC; ``*_days`` say how long something is kept, findings after their last night.

    ``nightly`` starts the night, ``closing`` ends it on the same UTC day. ``retain_data`` keeps tables, key, secret
    and topics when the stack is deleted. ``*_concurrency`` caps how many functions work on a queue at once.
    ``tiktok_requests_per_minute`` is what TikTok allows the app: stages that share one app have to share it out.
    ``allowed_hosts`` are storefronts; only ``tiktok_hosts`` are given the app's secret and refresh tokens.
    ``webhook`` opens an address to which TikTok tells disconnected accounts. ``research_api`` looks up public counts
    where a merchant's own cannot be seen: for operators whom TikTok has admitted to its Research API.
    ``reports`` writes every merchant's report into a private bucket each night, for ``report_days``, with a link to it
    in its emails.
    ``fleet_readers`` and ``tenant_readers`` may take the two roles of docs/data/roles.md: accounts and roles.
    ``sms_per_night`` is how many text messages leave in a night, UTC, for all merchants, ``sms_per_merchant`` how many
    for one of them; email makes up for the rest. ``sms_max_price_usd`` is the most that one may cost, in USD;
    ``sms_sender_id`` the name that it comes from, in countries that show one.
    ``emails`` and ``phones`` get merchants' criticals, ``operators`` the night's summary and every alarm.
    """

    # Inputs are hidden because pydantic would otherwise print an address in its error.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str
    nightly: UtcTime
    closing: UtcTime
    retain_data: bool
    deletion_protection: bool
    point_in_time_recovery: bool
    log_days: Annotated[int, AfterValidator(_log_days)]
    snapshot_days: Annotated[int, Field(ge=2, le=3650)]
    audit_days: Annotated[int, Field(ge=2, le=3650)]
    # The closer looks back over a week for alerts that never left, and to the night before for what is the fleet's.
    alert_days: Annotated[int, Field(ge=9, le=3650)]
    night_days: Annotated[int, Field(ge=9, le=3650)]
    # Two weeks is the longest that a finding remembers to have come back.
    finding_days: Annotated[int, Field(ge=30, le=3650)]
    # 2 to 1,000: what Lambda accepts as an SQS event source's maximum concurrency.
    fetch_concurrency: Annotated[int, Field(ge=2, le=1000)]
    evaluate_concurrency: Annotated[int, Field(ge=2, le=1000)]
    tiktok_requests_per_minute: Annotated[int, Field(ge=2, le=60_000)]
    allowed_hosts: Annotated[tuple[Host, ...], Field(min_length=1)]
    tiktok_hosts: Annotated[tuple[Host, ...], Field(min_length=1)] = ("open.tiktokapis.com",)
    loopback_http: bool = False
    webhook: bool = False
    research_api: bool = False
    reports: bool = False
    report_days: Annotated[int, Field(ge=1, le=3650)] = 90
    fleet_readers: tuple[Reader, ...] = ()
    tenant_readers: tuple[Reader, ...] = ()
    # Above 10,000 the row that counts them would come near to what an item of DynamoDB holds.
    sms_per_night: Annotated[int, Field(ge=1, le=10_000)] = 500
    sms_per_merchant: Annotated[int, Field(ge=1, le=100)] = 3
    # From 0.006 in the US to 0.05 and more elsewhere: a mistake shall not cost a thousand times what was meant.
    sms_max_price_usd: Annotated[Decimal, Field(gt=0, le=5, decimal_places=4)] = Decimal("0.50")
    sms_sender_id: Sender | None = None
    emails: tuple[Email, ...] = ()
    phones: tuple[Phone, ...] = ()
    operators: tuple[Email, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not _NAME.fullmatch(self.name):
            raise ValueError("a stage's name is 1 to 16 characters: a-z first, then a-z, 0-9 and -")
        if self.closing <= self.nightly:
            raise ValueError("closing must be later than nightly on the same UTC day: the closer takes that day's date")
        if self.snapshot_days > self.audit_days:
            raise ValueError("snapshot_days longer than audit_days: a snapshot without its audit explains nothing")
        if self.loopback_http and self.name != LOOPBACK_STAGE:
            raise ValueError(f"loopback_http is for the stage {LOOPBACK_STAGE} only: remove it")
        if self.deletion_protection and not self.retain_data:
            raise ValueError("deletion_protection without retain_data: deleting would fail half way; set both")
        return self

    @property
    def prefix(self) -> str:
        """What every resource's name begins with."""
        return f"nightjar-{self.name}-"

    @property
    def night_minutes(self) -> int:
        """Minutes between the start of a night and its closing."""
        return (self.closing.hour - self.nightly.hour) * 60 + self.closing.minute - self.nightly.minute


def choose(
    name: str = DEFAULT_STAGE,
    *,
    file: Path = DEFAULT_FILE,
    recipients: Mapping[str, Sequence[str]] | None = None,
) -> Stage:
    """Return the stage called ``name``.

    ``recipients`` replaces ``emails``, ``phones`` or ``operators`` of the file, for those who do not commit them.

    Raises:
        StageError: there is no such stage, or what the file says of it cannot be used.
    """
    stages = _read(file)
    if name not in stages:
        raise StageError(
            f"There is no stage {name!r}. {file.name} has: {', '.join(sorted(stages))}. "
            f"Choose one with -c stage=NAME, or add a table [{name}] to {file.name}."
        )
    settings = stages[name]
    if not isinstance(settings, dict):
        raise StageError(f"{file.name}: {name} is a value, but a stage is a table: write [{name}] above its settings.")
    try:
        return Stage.model_validate({**settings, **(recipients or {}), "name": name})
    except ValidationError as error:
        raise StageError(_explain(error, file.name, name)) from None  # the cause would repeat the inputs


def _read(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise StageError(f"The stages cannot be read from {file}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StageError(f"{file.name} is not valid TOML: {error}.") from error


def _explain(error: ValidationError, file: str, stage: str) -> str:
    lines = []
    for problem in error.errors(include_input=False, include_url=False, include_context=False):
        where = "".join(f"[{part}]" if isinstance(part, int) else str(part) for part in problem["loc"]) or "the stage"
        match problem["type"]:
            case "missing":
                why = "is missing: add it, as the other stages have it"
            case "extra_forbidden":
                why = (
                    f"is not a setting. Settings: {', '.join(field for field in Stage.model_fields if field != 'name')}"
                )
            case _:
                why = problem["msg"].removeprefix("Value error, ")
        lines.append(f"  {where}: {why}.")
    return f"{file}: the stage {stage} cannot be used.\n" + "\n".join(lines)
