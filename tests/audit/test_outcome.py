"""An outcome: five statuses, of which two are breaches."""

from functions.audit.absence import Absent, Cause, Reason
from functions.audit.merchant import Severity
from functions.audit.outcome import Area, Status
from tests.builders import CHECKS, outcome


def test_there_are_five_statuses_and_two_of_them_are_severities() -> None:
    assert {status.value: status.severity for status in Status} == {
        "pass": None,
        "info": None,
        "warn": Severity.WARN,
        "critical": Severity.CRITICAL,
        "not_evaluated": None,
    }


def test_an_outcome_knows_its_check() -> None:
    one = outcome(Status.WARN, CHECKS["viral_spike"])

    assert (one.check_id, one.area) == ("viral_spike", Area.COMMERCE)


def test_reasons_are_distinct_while_causes_are_all_kept() -> None:
    twice = Absent((Cause(Reason.NOT_MEASURED, "a"), Cause(Reason.NO_PRIOR, "b"), Cause(Reason.NOT_MEASURED, "c")))
    one = outcome(Status.NOT_EVALUATED, causes=twice.causes)

    assert one.reasons == (Reason.NOT_MEASURED, Reason.NO_PRIOR)
    assert len(one.causes) == 3
