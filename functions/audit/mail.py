"""A message as the plain text of an email: what happened first, what to do about it, what the night was like last."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

from functions.audit.absence import Absent, Reason
from functions.audit.called import REASONS, SOURCES
from functions.audit.digest import Change, Warned
from functions.audit.evidence import evidence_lines
from functions.audit.headline import label
from functions.audit.language import ENGLISH, Language, marked
from functions.audit.merchant import Merchant
from functions.audit.mute import ended_text
from functions.audit.news import News, Scene
from functions.audit.outcome import Outcome, Status
from functions.audit.telling import Why
from functions.audit.text import defanged, untrusted

WIDTH: Final = 72
REASON_LIMIT: Final = 160
_MUTED_FOR: Final = timedelta(days=7)
# What the message tells elsewhere, or what helps nobody who reads it on a phone.
_ELSEWHERE: Final = frozenset({
    "account_type_from", "business_api", "currency", "days",
    "measured_by", "open_id", "prior_period", "reconnect_within",
})  # fmt: skip
_TONIGHT: Final = {
    Why.OPENED: marked("opened tonight"),
    Why.REOPENED: marked("reopened tonight"),
    Why.WORSENED: marked("worsened tonight"),
}
_EARLIER: Final = {
    Why.OPENED: marked("opened on {night}, not told before"),
    Why.REOPENED: marked("reopened on {night}, not told before"),
    Why.WORSENED: marked("worsened on {night}, not told before"),
}

# What there is to say of a warning that everything was said of before.
_WARNED: Final = {
    Change.OPEN: marked("open since {night}"),
    Change.BETTER: marked("open since {night}, better tonight"),
    Change.BLIND: marked("open since {night}, could not look tonight"),
}

_COVERAGE: Final = marked(
    "{looked} of {checks} checks could look. Of the others nobody knows whether they are good or bad."
)


def email(
    name: str,
    merchant: Merchant,
    scene: Scene,
    news: Sequence[News],
    warnings: Sequence[Warned],
    language: Language,
) -> str:
    """Return the body. Lines with somebody else's words in them are never broken: no part of such a line looks ours."""
    night = language.day(scene.night)
    lines = [language.say("{name} ({id}), night of {night}", name=name, id=merchant.id, night=night), ""]
    for one in news:
        lines += [*_told(one, merchant, scene, language), ""]
    if warnings:
        lines += [*_warned(warnings, merchant, scene, language), ""]
    return "\n".join([*lines, *_night(scene, language)]) + "\n"


def counts_line(counts: Mapping[Status, int], language: Language = ENGLISH) -> str:
    """Return the counts as one line, "not evaluated" always among them."""
    return ", ".join((
        language.count("{count} pass", "{count} pass", counts[Status.PASS] + counts[Status.INFO]),
        language.count("{count} warn", "{count} warn", counts[Status.WARN]),
        language.count("{count} critical", "{count} critical", counts[Status.CRITICAL]),
        language.count("{count} not evaluated", "{count} not evaluated", counts[Status.NOT_EVALUATED]),
    ))  # fmt: skip


def _told(one: News, merchant: Merchant, scene: Scene, language: Language) -> Iterator[str]:
    what, when = label(one, language), _when(one, scene, language)
    if one.why is Why.CORRECTED:
        yield from _wrapped(language.say("CORRECTED: {what} ({when})", what=what, when=when))
    elif one.is_good:
        yield from _wrapped(language.say("RESOLVED: {what} ({when})", what=what, when=when))
    else:
        yield from _wrapped(language.say("CRITICAL: {what} ({when})", what=what, when=when))
    yield from _sentence(one.outcome, language)
    if one.blinds:
        yield language.count(
            "{count} check could not run because of this.", "{count} checks could not run because of this.", one.blinds
        )
    yield from _facts(one.outcome, scene, language)
    yield from (f"{ended_text(mute, language)}." for mute in one.ended)
    if not one.is_good:
        yield from _help(one.outcome, merchant, scene, language)


def _warned(warnings: Sequence[Warned], merchant: Merchant, scene: Scene, language: Language) -> Iterator[str]:
    """Yield the digest: what is new as fully as a critical, what was told on another day in a line."""
    short = [one for one in warnings if not one.change.is_new]
    for one in warnings:
        if one.change.is_new:
            what, when = label(one, language), _changed(one, scene, language)
            yield from _wrapped(language.say("WARNING: {what} ({when})", what=what, when=when))
            yield from _sentence(one.outcome, language)
            yield from _facts(one.outcome, scene, language)
            yield from _help(one.outcome, merchant, scene, language)
            yield ""
    for one in short:
        what, when = label(one, language), _changed(one, scene, language)
        if one.is_good:
            yield from _wrapped(language.say("RESOLVED: {what} ({when})", what=what, when=when))
        else:
            yield from _wrapped(language.say("WARNING: {what} ({when})", what=what, when=when))
    if short:
        yield ""
    yield from _wrapped(language.say("Warnings are told once a day while there are any."))


def _changed(one: Warned, scene: Scene, language: Language) -> str:
    since = language.day(scene.night if one.since is None else one.since)
    match one.change:
        case Change.OPENED:
            return language.say(_TONIGHT[Why.OPENED])
        case Change.REOPENED:
            return language.say(_TONIGHT[Why.REOPENED])
        case Change.IMPROVED:
            return language.say("no longer critical since tonight")
        case Change.RESOLVED:
            return language.say("resolved tonight")
        case change:
            return language.say(_WARNED[change], night=since)


def _sentence(outcome: Outcome, language: Language) -> list[str]:
    # A scope such as user.info.basic would be taken for the address of a site.
    return _wrapped(defanged(outcome.check.sentence(outcome, language, limits=False)))


def _facts(outcome: Outcome, scene: Scene, language: Language) -> Iterator[str]:
    yield from _limits(outcome, language)
    yield from _before(outcome, scene, language)
    yield from evidence_lines(outcome.evidence, language, without=_ELSEWHERE, fold=_item)


def _help(outcome: Outcome, merchant: Merchant, scene: Scene, language: Language) -> Iterator[str]:
    yield from _wrapped(language.say("What to do: {advice}", advice=language.say(outcome.check.advice)))
    until = (scene.night + _MUTED_FOR).isoformat()
    why = language.name("placeholder in a command", "WHY")
    yield language.say("To mute it for a week:")
    where = f" --stage {scene.stage}" if scene.stage else ""
    yield f'nightjar mute {merchant.id} {outcome.check_id} --until {until} --reason "{why}"{where}'


def _when(news: News, scene: Scene, language: Language) -> str:
    since = scene.night if news.since is None else news.since
    match news.why:
        case Why.RESOLVED:
            return language.say("resolved tonight, after it had been critical")
        case Why.CORRECTED if news.is_good:
            return language.say("it was not critical that night, as figures show that came later")
        case Why.CORRECTED:
            return language.say("it was critical that night, as figures show that came later")
        case Why.STILL_CRITICAL:
            return language.say("still critical, since {night}", night=language.day(since))
        case why if since != scene.night:
            return language.say(_EARLIER[why], night=language.day(since))
        case why:
            return language.say(_TONIGHT[why])


def _limits(outcome: Outcome, language: Language) -> Iterator[str]:
    """Yield by what the figure was judged and who says so; of a condition only who says so, where it is the shop."""
    by_figure = outcome.value is not None and not outcome.conditions
    limits = ", ".join(outcome.check.limits(outcome, language)) if by_figure else ""
    origin = outcome.origin
    reason = untrusted(origin.reason or "", limit=REASON_LIMIT)
    if origin.set_by != "merchant":
        if limits:
            yield from _wrapped(language.say("Limits: {limits} (Nightjar's default).", limits=limits))
        return
    if limits:
        yield from _wrapped(language.say("Limits: {limits}.", limits=limits))
    if origin.expires is None:
        yield language.say("The threshold is the shop's own: {reason}", reason=reason)
    else:
        until = language.day(origin.expires)
        yield language.say("The threshold is the shop's own until {night}: {reason}", night=until, reason=reason)


def _before(outcome: Outcome, scene: Scene, language: Language) -> Iterator[str]:
    kpi = scene.figure_of(outcome)
    if kpi is None or isinstance(kpi.value, Absent):
        return
    if isinstance(kpi.prior, Absent):
        yield language.say("Prior period: nothing to compare with.")
        return
    yield language.say(
        "Prior period: {before}, now {now}.",
        before=language.figure(kpi.prior, kpi.unit),
        now=language.figure(kpi.value, kpi.unit),
    )


def _night(scene: Scene, language: Language) -> Iterator[str]:
    """Yield what the night was like: the counts, how many checks could look, periods and sources."""
    counts = counts_line(scene.counts, language)
    yield from _wrapped(language.say("All checks of that night: {counts}.", counts=counts))
    looked, checks = str(scene.looked), str(scene.checks)
    if scene.looked == scene.checks:
        yield from _wrapped(language.say("All {checks} checks could look.", checks=checks))
    else:
        yield from _wrapped(language.say(_COVERAGE, looked=looked, checks=checks))
    for reason, names in _blind(scene, language).items():
        line = language.say("{reason}: {checks}", reason=language.say(REASONS[reason]), checks=", ".join(names))
        yield from _item(f"- {line}")
    if scene.periods is not None:
        start, end = map(language.day, (scene.periods.current.start, scene.periods.current.end))
        yield language.say("Period: {start} to {end}.", start=start, end=end)
        start, end = map(language.day, (scene.periods.prior.start, scene.periods.prior.end))
        yield language.say("Prior period: {start} to {end}.", start=start, end=end)
    if scene.sources:
        named = (language.say(SOURCES[source]) if source in SOURCES else source for source in scene.sources)
        yield from _wrapped(language.say("Sources: {sources}.", sources=", ".join(named)))


def _blind(scene: Scene, language: Language) -> Mapping[Reason, list[str]]:
    """Return the names of the checks that could not look, by the first of the reasons why."""
    found: dict[Reason, list[str]] = {}
    for outcome in scene.unseen:
        for reason in outcome.reasons[:1]:
            found.setdefault(reason, []).append(language.name("check", outcome.check_id.replace("_", " ")))
    return found


def _item(line: str) -> list[str]:
    return textwrap.wrap(line, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
