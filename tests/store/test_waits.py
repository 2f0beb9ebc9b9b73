"""A waiting alert goes out or is withheld, once, and the finding agrees with what was told."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.audit.alert import Alert, AlertState
from functions.audit.errors import Conflict
from functions.audit.finding import Finding
from functions.audit.night import Coverage, FleetFailure
from functions.audit.outcome import Status
from functions.audit.telling import Held, Why
from functions.store.tables import Tables
from functions.store.verdicts import settle
from functions.store.waits import Waited, end_wait
from tests.builders import NIGHT, NOW, channel, figures, merchant, sessions, snapshot, token
from tests.cloud import Cloud
from tests.store.stories import TTL, audit, night_after, revoked
from tests.tables import PREFIX

ID = f"{NIGHT}#critical"
GA4 = {"provider": "ga4", "property_id": "312345678"}


def waiting(cloud: Cloud, seen: Any = None, shop: Any = None) -> Alert:
    settle(cloud.tables, audit(seen or revoked(), shop), shop or merchant(), ttl=TTL)
    return stored(cloud)


def stored(cloud: Cloud) -> Alert:
    alert = cloud.tables.alerts.get("larkspur", ID)
    assert alert is not None
    return alert


def finding(cloud: Cloud) -> Finding:
    return cloud.tables.findings.of_merchant("larkspur")["access_token"]


def test_an_alert_of_a_broken_connection_waits_where_the_closer_finds_it(cloud: Cloud) -> None:
    alert = waiting(cloud)

    assert alert.state is AlertState.WAITING
    assert list(cloud.tables.alerts.waiting(NIGHT)) == [("larkspur", ID)]
    assert list(cloud.tables.alerts.waiting(night_after(7))) == [("larkspur", ID)]
    assert list(cloud.tables.alerts.unsent(NIGHT)) == []
    assert not cloud.tables.alerts.touch("larkspur", ID, at=NOW)
    row = cloud.rows("alerts")[0]
    assert row["root_cause"] == {"check_id": "access_token", "failure": "access_token:rejected"}
    assert finding(cloud).last_told_on == NIGHT


def test_a_released_alert_is_one_that_should_leave(cloud: Cloud) -> None:
    alert = waiting(cloud)

    assert end_wait(cloud.tables, alert, shared=False) is Waited.RELEASED

    assert (stored(cloud).state, stored(cloud).email) == (AlertState.PENDING, alert.email)
    assert list(cloud.tables.alerts.unsent(NIGHT)) == [("larkspur", ID)]
    assert list(cloud.tables.alerts.waiting(NIGHT)) == []
    assert finding(cloud).last_told_on == NIGHT
    assert cloud.rows("alerts")[0]["ttl"] == int(TTL.timestamp())


def test_a_withheld_alert_counts_as_never_told(cloud: Cloud) -> None:
    end_wait(cloud.tables, waiting(cloud), shared=True)

    alert = stored(cloud)
    assert (alert.state, alert.criticals, alert.email) == (AlertState.HELD, (), "")
    assert (alert.held[0].because, alert.held[0].wanted) == (Held.ROOT_CAUSE_SENT, Why.OPENED)
    assert finding(cloud).last_told_on is None
    assert "unsent_night" not in cloud.rows("alerts")[0]


def test_what_was_withheld_is_new_on_the_next_night(cloud: Cloud) -> None:
    end_wait(cloud.tables, waiting(cloud), shared=True)

    settle(cloud.tables, audit(revoked(), night=night_after()), merchant(), ttl=TTL)

    alert = cloud.tables.alerts.get("larkspur", f"{night_after()}#critical")
    assert alert is not None
    assert (alert.state, alert.criticals[0].why) == (AlertState.WAITING, Why.OPENED)
    assert "opened on 2026-11-21, not told before" in alert.email


def test_an_earlier_message_of_the_episode_is_not_forgotten(cloud: Cloud) -> None:
    """Told at first, then only about to end, then rejected again in a wave: the good news is owed all the same."""
    shop = merchant()
    ending = snapshot(token=token(days_left="5"))
    for day, seen in enumerate([revoked(), ending, revoked()]):
        settle(cloud.tables, audit(seen, night=night_after(day - 2)), shop, ttl=TTL)
    assert finding(cloud).last_told_on == NIGHT

    end_wait(cloud.tables, stored(cloud), shared=True)

    assert finding(cloud).last_told_on == night_after(-2)


def test_what_is_the_merchants_own_goes_out_without_the_fleets(cloud: Cloud) -> None:
    seen = revoked(sessions=sessions(current=figures(bounce_rate="90")))
    end_wait(cloud.tables, waiting(cloud, seen, merchant(analytics=GA4)), shared=True)

    alert = stored(cloud)
    assert (alert.state, [one.check_id for one in alert.criticals]) == (AlertState.PENDING, ["bounce_rate"])
    assert "access" not in alert.email
    assert finding(cloud).last_told_on is None
    assert cloud.tables.findings.of_merchant("larkspur")["bounce_rate"].last_told_on == NIGHT
    assert cloud.rows("alerts")[0]["areas"] == ["traffic"]
    assert "instead" not in cloud.rows("alerts")[0]


@pytest.mark.parametrize("shared", [True, False])
def test_a_wait_ends_once(cloud: Cloud, *, shared: bool) -> None:
    alert = waiting(cloud)
    end_wait(cloud.tables, alert, shared=shared)
    before = cloud.everything()

    assert end_wait(cloud.tables, alert, shared=not shared) is Waited.NOT_WAITING
    assert end_wait(cloud.tables, stored(cloud), shared=shared) is Waited.NOT_WAITING
    assert cloud.everything() == before


@pytest.mark.parametrize("shared", [True, False])
def test_a_finding_that_went_on_meanwhile_is_told_of_no_more(cloud: Cloud, *, shared: bool) -> None:
    """Its night was never closed, and two good nights later the merchant heard that all is well."""
    alert = waiting(cloud)
    for day in (1, 2):
        settle(cloud.tables, audit(channel(), night=night_after(day)), merchant(), ttl=TTL)
    before = finding(cloud)

    assert end_wait(cloud.tables, alert, shared=shared) is Waited.OVERTAKEN

    assert (stored(cloud).state, stored(cloud).held[0].because) == (AlertState.HELD, Held.NOTHING_NEW)
    assert finding(cloud) == before


def test_an_evaluation_that_read_before_the_withholding_starts_anew(cloud: Cloud) -> None:
    """It had read "told"; written over the withheld finding, nobody would ever be told."""
    alert = waiting(cloud)
    client, raced = cloud.dynamodb, iter([alert])

    class Overtaken:
        def transact_write_items(self, **request: Any) -> Any:
            for one in raced:
                end_wait(cloud.tables, one, shared=True)
            return client.transact_write_items(**request)

        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

    tables = Tables(Overtaken(), PREFIX, clock=lambda: 0.0)  # type: ignore[arg-type]  # the real client within

    written = settle(tables, audit(revoked(), night=night_after()), merchant(), ttl=TTL)

    assert written is not None
    assert written.alert is not None
    assert [one.why for one in written.alert.criticals] == [Why.OPENED]


def test_after_the_close_an_alert_does_not_wait(cloud: Cloud) -> None:
    coverage = Coverage(NIGHT, 0, 0, (), (), dict.fromkeys(Status, 0), {})
    cloud.tables.nights.open(NIGHT, at=NOW, ttl=TTL)
    cloud.tables.nights.close(coverage, [FleetFailure("access_token:banned", 99, NIGHT)], at=NOW)

    own = settle(cloud.tables, audit(revoked()), merchant(), ttl=TTL)
    seen = revoked("banned", merchant_id="foxglove")
    wave = settle(cloud.tables, audit(seen), merchant(id="foxglove"), ttl=TTL)

    assert own is not None
    assert wave is not None
    states = {row["merchant_id"]: row["state"] for row in cloud.rows("alerts")}
    assert states == {"larkspur": "pending", "foxglove": "held"}
    untold = cloud.tables.findings.of_merchant("foxglove")["access_token"]
    assert untold.last_told_on is None
    # A close that counts again comes to the same.
    assert {row["merchant_id"]: row["failures"] for row in cloud.rows("audits")} == {
        "larkspur": ["access_token:rejected"],
        "foxglove": ["access_token:banned"],
    }


@pytest.mark.parametrize(
    ("code", "reasons", "expected"),
    [
        ("TransactionInProgressException", [], Conflict),
        ("TransactionCanceledException", ["None", "TransactionConflict"], Conflict),
        ("ThrottlingException", [], ClientError),
    ],
)
def test_a_refusal_leaves_the_alert_waiting(
    cloud: Cloud, code: str, reasons: list[str], expected: type[Exception]
) -> None:
    alert = waiting(cloud)
    before = cloud.everything()

    def refuse(**_: Any) -> Any:
        answer: Any = {"Error": {"Code": code}, "CancellationReasons": [{"Code": reason} for reason in reasons]}
        raise ClientError(answer, "TransactWriteItems")

    cloud.instead("transact_write_items", refuse)

    with pytest.raises(expected):
        end_wait(cloud.tables, alert, shared=True)
    assert cloud.everything() == before
