"""The link in the bio: whether it leads somewhere, and with its tags."""

from __future__ import annotations

from typing import Any

import pytest

from functions.audit.absence import Reason
from functions.audit.outcome import Outcome, Status
from functions.audit.snapshot import BioLinkSeen
from tests.audit.extra_checks.stories import judged
from tests.builders import absent


def link(**changed: Any) -> BioLinkSeen:
    seen: dict[str, Any] = {
        "status": 200,
        "host": "shop.example",
        "redirects": 1,
        "tagged": True,
        "landed_tagged": True,
    }
    return BioLinkSeen.model_validate(seen | changed)


def outcome(**changed: Any) -> Outcome:
    return judged(bio_link=link(**changed))["bio_link"]


def test_a_link_that_leads_to_a_page_with_its_tags_is_good() -> None:
    assert (outcome().status, outcome().conditions) == (Status.PASS, ())
    assert outcome().evidence == {"host": "shop.example", "status": 200, "redirects": 1}


@pytest.mark.parametrize(
    ("changed", "conditions"),
    [
        ({"problem": "broken", "status": 404, "landed_tagged": False}, ("broken",)),
        ({"problem": "loop", "status": 301}, ("loop",)),
        ({"problem": "broken", "tagged": False, "landed_tagged": False}, ("broken", "untagged")),
        ({"tagged": False, "landed_tagged": False}, ("untagged",)),
        ({"landed_tagged": False}, ("tags_lost",)),
    ],
)
def test_each_trouble_has_a_name_and_is_a_warning(changed: dict[str, Any], conditions: tuple[str, ...]) -> None:
    assert (outcome(**changed).status, outcome(**changed).conditions) == (Status.WARN, conditions)


def test_a_short_link_that_adds_the_tags_itself_is_tagged() -> None:
    assert outcome(tagged=False, landed_tagged=True).status is Status.PASS


def test_a_shop_that_keeps_programs_out_was_not_looked_at() -> None:
    blind = judged(bio_link=absent(Reason.SOURCE_FAILED, detail="shop.example answered a program with HTTP 403"))

    assert (blind["bio_link"].status, blind["bio_link"].reasons) == (Status.NOT_EVALUATED, (Reason.SOURCE_FAILED,))
