"""A message about one merchant's night in every form that it can go. What is told is decided elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from functions.audit.digest import Warned
from functions.audit.document import document
from functions.audit.headline import digest_subject, sms, subject
from functions.audit.language import Language, language
from functions.audit.mail import email
from functions.audit.merchant import Merchant
from functions.audit.news import News, Scene
from functions.audit.text import untrusted

NAME_LIMIT = 60


@dataclass(frozen=True, slots=True)
class Texts:
    """A message, once for each way it can go: ``document`` is the one for programs, in JSON.

    ``sms`` is empty where the message tells of warnings alone: nobody's telephone rings for those.
    """

    subject: str
    email: str
    sms: str
    document: str


def with_report(text: str, link: str, language: Language) -> str:
    """Return the text of an email with the way to the night's report after it."""
    said = language.say("The whole report:")
    return f"{text}\n{said}\n{link}\n"


def write(merchant: Merchant, scene: Scene, news: Sequence[News], warnings: Sequence[Warned] = ()) -> Texts:
    """Return the texts of a message that tells these news and warnings, in this order and the merchant's language."""
    return write_in(language(merchant.alerts.language), merchant, scene, news, warnings)


def write_in(
    spoken: Language, merchant: Merchant, scene: Scene, news: Sequence[News], warnings: Sequence[Warned] = ()
) -> Texts:
    """Return the same in a language that is given."""
    name = untrusted(merchant.name, limit=NAME_LIMIT) or merchant.id
    headline = subject(name, merchant.id, news, spoken) if news else digest_subject(name, merchant.id, warnings, spoken)
    return Texts(
        subject=headline,
        email=email(name, merchant, scene, news, warnings, spoken),
        sms=sms(name, merchant.id, news, spoken, merchant.alerts.sms_alphabet) if news else "",
        document=document(name, merchant, scene, news, warnings, spoken, headline),
    )
