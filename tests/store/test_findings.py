"""The table `findings`: each check as it stands, found by merchant, by severity and by check."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.audit.checks import CATALOGUE
from functions.audit.finding import Finding
from functions.audit.merchant import Severity
from functions.audit.outcome import Status
from functions.store.findings import finding_item, stored_finding
from tests.builders import NIGHT
from tests.cloud import Cloud
from tests.tables import PREFIX

DAYS = st.none() | st.dates(date(2026, 1, 1), date(2026, 11, 21))
NUMBERS = st.none() | st.decimals(-(10**9), 10**9, places=6)
SCALARS = st.none() | st.booleans() | st.integers(0, 10**9) | st.decimals(0, 100, places=6) | st.text(max_size=8)
ROWS = st.dictionaries(st.sampled_from(["path", "sessions", "rate"]), SCALARS, max_size=3)
FINDINGS = st.builds(
    Finding,
    merchant_id=st.just("larkspur"),
    check_id=st.sampled_from([check.id for check in CATALOGUE]),
    last_night=st.just(NIGHT),
    status=st.sampled_from(list(Status)),
    severity=st.none() | st.sampled_from(list(Severity)),
    value=NUMBERS,
    unit=st.sampled_from(["", "%", "s", "GBP"]),
    warn=NUMBERS,
    critical=NUMBERS,
    summary=st.text(max_size=40),
    reason=st.none() | st.just("source_failed,rate_limited"),
    opened_on=DAYS,
    resolved_on=DAYS,
    blinded_since=DAYS,
    critical_since=DAYS,
    calmed_on=DAYS,
    returned_on=DAYS,
    last_told_on=DAYS,
    good_nights=st.integers(0, 3),
    calm_nights=st.integers(3, 6),
    evidence=st.dictionaries(st.sampled_from(["pages", "days"]), SCALARS | st.lists(ROWS, max_size=2), max_size=2),
)


def _finding(
    merchant_id: str = "larkspur", check_id: str = "bounce_rate", severity: str | None = "critical"
) -> Finding:
    return Finding(
        merchant_id=merchant_id,
        check_id=check_id,
        last_night=NIGHT,
        status=Status(severity) if severity else Status.PASS,
        severity=Severity(severity) if severity else None,
        value=Decimal("81.2"),
        opened_on=date(2026, 11, 19) if severity else None,
        summary="Too many leave",
    )


@given(FINDINGS)
@settings(max_examples=60, deadline=None)
def test_a_finding_comes_back_as_it_was_stored(finding: Finding) -> None:
    assert stored_finding(finding_item(finding)) == finding


def test_the_attributes_are_those_that_other_tools_read() -> None:
    item = finding_item(_finding())

    assert item["schema_version"] == {"N": "1"}
    assert item["status"] == item["severity"] == item["open_severity"] == {"S": "critical"}
    assert item["value"] == {"N": "81.2"}
    assert item["opened_on"] == {"S": "2026-11-19"}
    assert item["last_night"] == {"S": "2026-11-21"}
    assert item["nights_open"] == {"N": "3"}
    assert "reason" not in item


def test_a_finding_that_is_not_open_is_in_no_index_of_open_ones() -> None:
    item = finding_item(_finding(severity=None))

    assert "open_severity" not in item
    assert "severity" not in item


def test_a_merchants_findings_are_its_own_and_by_check(cloud: Cloud) -> None:
    mine = [_finding(), _finding(check_id="stats_scope", severity="warn")]
    _put(cloud, *mine, _finding("foxglove"))

    assert cloud.tables.findings.of_merchant("larkspur") == {"bounce_rate": mine[0], "stats_scope": mine[1]}
    assert cloud.tables.findings.of_merchant("nobody") == {}


def test_open_findings_are_found_by_severity_over_all_merchants(cloud: Cloud) -> None:
    _put(
        cloud,
        _finding(),
        _finding("foxglove"),
        _finding("betony", severity="warn"),
        _finding("yarrow", severity=None),
    )

    critical = {finding.merchant_id for finding in cloud.tables.findings.open(Severity.CRITICAL)}
    warned = {finding.merchant_id for finding in cloud.tables.findings.open(Severity.WARN)}

    assert critical == {"larkspur", "foxglove"}
    assert warned == {"betony"}


def test_one_check_is_found_over_all_merchants(cloud: Cloud) -> None:
    _put(cloud, _finding(), _finding("foxglove", severity=None), _finding(check_id="stats_scope"))

    found = {finding.merchant_id for finding in cloud.tables.findings.of_check("bounce_rate")}

    assert found == {"larkspur", "foxglove"}


def _put(cloud: Cloud, *findings: Finding) -> None:
    for finding in findings:
        cloud.dynamodb.put_item(TableName=f"{PREFIX}findings", Item=finding_item(finding))
