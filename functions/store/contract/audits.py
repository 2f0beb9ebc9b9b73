"""The items of `audits`."""

from typing import Annotated, NotRequired

from typing_extensions import TypedDict

from functions.audit.kpi import GoodWhen, Sentiment
from functions.audit.merchant import Severity
from functions.audit.outcome import Area, Status
from functions.audit.verdict import AuditState
from functions.store.contract.declare import (
    Anything,
    CheckName,
    Count,
    Day,
    Index,
    Instant,
    KpiName,
    MerchantId,
    Number,
    ReasonName,
    Table,
    Text,
    Ttl,
    Version,
    grows,
    says,
)


class Cause(TypedDict):
    """One thing that kept a check from looking."""

    reason: Annotated[ReasonName, says("Why.")]
    detail: Annotated[Text, says("Which field, which answer, or how many are missing, in English.")]


class Threshold(TypedDict):
    """Who set what an outcome was judged by."""

    set_by: Annotated[str, grows("default", "merchant"), says("Nightjar's default, or the merchant's own.")]
    reason: NotRequired[Annotated[Text, says("The merchant's reason.")]]
    expires: NotRequired[Annotated[Day, says("The last night of the merchant's own threshold.")]]


class Outcome(TypedDict):
    """What one check came to."""

    check_id: Annotated[CheckName, says("The check: the same as the key.")]

    area: Annotated[Area, says("The question that the check belongs to.")]
    status: Annotated[Status, says("What it came to. `not_evaluated` is neither good nor bad.")]
    value: NotRequired[Annotated[Number, says("The figure that was judged, in `unit`. Absent when there was none.")]]
    unit: Annotated[Text, says("The unit of `value`, `warn` and `critical`; may be empty.")]
    warn: NotRequired[Annotated[Number, says("The threshold of a warning, in `unit`.")]]
    critical: NotRequired[Annotated[Number, says("The threshold of a critical, in `unit`.")]]
    reasons: Annotated[list[ReasonName], says("Why it was not evaluated, each reason once; empty when it was.")]
    causes: Annotated[list[Cause], says("The same with every detail.")]
    summary: Annotated[Text, says("The outcome in one English sentence.")]
    samples: Annotated[dict[str, Count], says("How much the figure rests on, as in `sessions`.")]
    conditions: Annotated[list[Text], says("The named breaches that were found, as in `rejected`.")]
    evidence: Annotated[Anything, says("What the figure rests on. Each check has its own entries; more may come.")]
    threshold: Annotated[Threshold, says("Who set the thresholds.")]


class Kpi(TypedDict):
    """One figure of the channel over the period."""

    value: NotRequired[Annotated[Number, says("The figure, in `unit`. Absent when it could not be seen.")]]
    prior: NotRequired[Annotated[Number, says("The figure of the period before, in `unit`.")]]
    change_percent: NotRequired[Annotated[Number, says("The change against the period before.", unit="%")]]
    unit: Annotated[Text, says("The unit: %, s, sessions …, a currency for revenue; may be empty.")]
    good_when: Annotated[GoodWhen, says("In which direction the figure is better.")]
    sentiment: Annotated[Sentiment, says("Whether the change is good.")]
    reason: NotRequired[Annotated[Text, says("Why `value` is absent: every reason, joined by commas.")]]
    source: NotRequired[
        Annotated[
            str,
            grows("tiktok", "tiktok_research", "storefront", "ga4", "shopify"),
            says("Who measured it. Absent when nobody could be asked."),
        ]
    ]


class Window(TypedDict):
    """Whole days, both ends included, in the merchant's time zone."""

    start: Annotated[Day, says("First day.")]
    end: Annotated[Day, says("Last day.")]


class Windows(TypedDict):
    """The days that the night looked at."""

    current: Annotated[Window, says("The period that was judged.")]
    prior: Annotated[Window, says("The period before it.")]
    series: Annotated[Window, says("The days of the daily series.")]


class Effort(TypedDict):
    """What a fetch took."""

    seconds: Annotated[Number, says("By the clock, waiting for turns included, to a tenth.", unit="s")]
    requests: Annotated[Count, says("Requests that were sent to sources, repeated ones too.")]


class Override(TypedDict):
    """A merchant's own thresholds of one check."""

    warn: NotRequired[Annotated[Number, says("The threshold of a warning, where it is the merchant's own.")]]
    critical: NotRequired[Annotated[Number, says("The threshold of a critical, where it is the merchant's own.")]]
    conditions: NotRequired[Annotated[dict[str, Severity], says("How bad each named breach is to this merchant.")]]
    reason: Annotated[Text, says("The merchant's reason.")]
    expires: NotRequired[Annotated[Day, says("The last night on which it applies.")]]


class Audit(TypedDict):
    """One merchant's night. Until it is judged there are keys, state and times only."""

    merchant_id: MerchantId
    night: Annotated[Day, says("The night, a UTC date.")]
    state: Annotated[AuditState, says("`failed`: the night ended, and no fetch ever came back.")]
    pending_night: NotRequired[Annotated[Day, says("The same as `night` while pending: the key of `unfinished`.")]]
    extra_checks: NotRequired[
        Annotated[list[CheckName], says("While pending: which checks are expected beside the fifteen.")]
    ]
    expected_at: NotRequired[Annotated[Instant, says("When it was expected. Gone once it is judged.")]]
    evaluated_at: NotRequired[Annotated[Instant, says("When it was judged.")]]
    counts: NotRequired[Annotated[dict[Status, Count], says("How many outcomes there are of each status.")]]
    reasons: NotRequired[
        Annotated[dict[ReasonName, Count], says("How many outcomes each reason kept from being evaluated.")]
    ]
    failures: NotRequired[
        Annotated[list[Text], says("What failed that night, as in `storefront sessions:source_failed`.")]
    ]
    new_criticals: NotRequired[
        Annotated[list[CheckName], says("Which checks turned critical that night, told or not.")]
    ]
    ended_criticals: NotRequired[
        Annotated[list[CheckName], says("Which checks had been critical and were not any more.")]
    ]
    effort: NotRequired[Annotated[Effort, says("What the fetch took. Absent where nothing was fetched.")]]
    outcomes: NotRequired[Annotated[dict[CheckName, Outcome], says("What each check came to, by check.")]]
    kpis: NotRequired[Annotated[dict[KpiName, Kpi], says("Every figure of the channel, by name.")]]
    periods: NotRequired[Annotated[Windows, says("The days that the night looked at.")]]
    snapshot_sha256: NotRequired[Annotated[Text, says("The hash of the snapshot that was judged.")]]
    profile_version: NotRequired[Annotated[Text, says("The version of the audit profile that it was judged by.")]]
    code_version: NotRequired[Annotated[Text, says("The fingerprint of the code that judged, as in `a90bd93c1f64`.")]]
    overrides: NotRequired[
        Annotated[dict[CheckName, Override], says("The merchant's own thresholds that were in force, by check.")]
    ]
    version: NotRequired[
        Annotated[
            Count, says("Which verdict of the night it is, from 2 on: late figures took the place of an earlier one.")
        ]
    ]
    supersedes: NotRequired[Annotated[Count, says("The verdict whose place it took: a key of `superseded`.")]]
    superseded: NotRequired[
        Annotated[dict[str, Anything], says("Every earlier verdict by its version, with the attributes that it had.")]
    ]
    snapshot_version: NotRequired[
        Annotated[Count, says("Which version of the night's snapshot was judged, from 2 on.")]
    ]
    ttl: Ttl
    schema_version: Version


AUDITS = Table(
    "audits",
    "merchant_id",
    "night",
    answers="How did one merchant's nights go, and how did a figure move?",
    item=Audit,
    indexes=(
        Index("by_night", "night", "merchant_id", answers="How did one night go for everybody?"),
        Index("unfinished", "pending_night", "merchant_id", answers="Whom has a night not audited yet, or missed?"),
    ),
    expires=True,
)
