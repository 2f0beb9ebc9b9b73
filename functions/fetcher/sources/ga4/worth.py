"""What GA4 says about a report besides its rows: its ``metadata`` (APIS 5.3). What it does not mention is not so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from functions.audit.merchant import CURRENCY

_ZONE: Final = re.compile(r"[A-Za-z0-9_+/-]{1,64}")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_CUT: Final = re.compile(r"[A-Z0-9_]{1,64}")


class Unreadable(Exception):
    """What came is not what the documentation says. The text completes a sentence about the report."""


@dataclass(frozen=True, slots=True)
class Worth:
    """How far a report can be relied upon.

    ``restricted`` are metrics that the role may not see: they read 0. ``known_from`` is the first day that GA4 still
    has, where it says that older ones are cut off. ``hushed`` is why a row that is missing may be no 0, if it may not.
    """

    currency: str | None = None
    time_zone: str | None = None
    flags: tuple[str, ...] = ()
    restricted: frozenset[str] = frozenset()
    known_from: date | None = None
    hushed: str = ""


def worth_of(metadata: object) -> Worth:
    """Return what the metadata say.

    Raises:
        Unreadable: they are not of their documented types, so that a warning in them may be missed.
    """
    if metadata is None:
        return Worth()
    if not isinstance(metadata, dict):
        raise Unreadable("its metadata are no object")
    cuts, sampled = _listed(metadata, "dataTruncationReasons"), _listed(metadata, "samplingMetadatas")
    thresholded = metadata.get("subjectToThresholding") is True
    flags = (
        *(("sampled",) if sampled else ()),
        *(("thresholded",) if thresholded else ()),
        *(("data_loss_from_other_row",) if metadata.get("dataLossFromOtherRow") is True else ()),
        *(f"data_truncated:{_kind(cut)}" for cut in cuts),
    )
    hushed = "GA4 has a reason of its own for missing rows" if metadata.get("emptyReason") else ""
    currency, zone = metadata.get("currencyCode"), metadata.get("timeZone")
    return Worth(
        currency=currency if isinstance(currency, str) and CURRENCY.fullmatch(currency) else None,
        time_zone=zone if isinstance(zone, str) and _ZONE.fullmatch(zone) else None,
        flags=tuple(dict.fromkeys(flags)),
        restricted=_restricted(metadata.get("schemaRestrictionResponse")),
        known_from=max(filter(None, map(_cut_before, cuts)), default=None),
        hushed="GA4 holds small numbers back (thresholding)" if thresholded else hushed,
    )


def _restricted(schema: object) -> frozenset[str]:
    """Return the metrics that the role may not see. Unread they would pass for a 0."""
    if schema is None:
        return frozenset()
    if not isinstance(schema, dict):
        raise Unreadable("its restrictions are no object")
    names = [
        entry.get("metricName") if isinstance(entry, dict) else None
        for entry in _listed(schema, "activeMetricRestrictions")
    ]
    known = [name for name in names if isinstance(name, str)]
    if len(known) < len(names):
        raise Unreadable("its restrictions name no metric")
    return frozenset(known)


def _listed(of: Mapping[str, Any], name: str) -> list[Any]:
    listed = of.get(name)
    if listed is not None and not isinstance(listed, list):
        raise Unreadable(f"its {name} are no list")
    return listed or []


def _kind(cut: object) -> str:
    """Return the kind of a cut as a flag may hold it."""
    said = cut.get("dataTruncationType") if isinstance(cut, dict) else cut
    if not isinstance(said, str) or not _CUT.fullmatch(said.upper()):
        return "unknown"
    return said.upper().removeprefix("DATA_TRUNCATION_TYPE_").lower()


def _cut_before(cut: object) -> date | None:
    said = cut.get("dataTruncationDate") if isinstance(cut, dict) else None
    try:
        return date.fromisoformat(said) if isinstance(said, str) and _DAY.fullmatch(said) else None
    except ValueError:
        return None
