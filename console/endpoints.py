"""Whether an address can be one: checked by its form alone, before SNS is asked. No answer repeats the address."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from functions.audit.errors import InvalidInput
from functions.audit.recipient import Protocol

_QUEUE: Final = re.compile(r"arn:aws(-[a-z]+)*:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,80}")
_FUNCTION: Final = re.compile(
    r"arn:aws(-[a-z]+)*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_$-]{1,128})?"
)
_LONGEST_URL: Final = 2048
# What the library knows to be no telephone that shows text. What it is not sure of is let through: ranges change.
_SILENT: Final = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
)


def endpoint_of(protocol: Protocol, text: str) -> str:
    """Return the address as SNS takes it.

    Raises:
        InvalidInput: it cannot be one; the text says what to write.
    """
    match protocol:
        case Protocol.EMAIL | Protocol.EMAIL_JSON:
            return _email(text)
        case Protocol.SMS:
            return _number(text)
        case Protocol.SQS:
            return _arn(
                text, _QUEUE, "the ARN of a queue, no FIFO one, as in arn:aws:sqs:eu-west-1:111122223333:alerts"
            )
        case Protocol.LAMBDA:
            return _arn(text, _FUNCTION, "a function's ARN, as in arn:aws:lambda:eu-west-1:111122223333:function:tell")
        case Protocol.HTTPS:
            return _url(text)


def _email(text: str) -> str:
    try:
        address = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise InvalidInput(f"This is no email address: {_without(str(error), text).rstrip('.')}.") from None
    if address.ascii_email is None:  # what allow_smtputf8 rules out; said to the type checker
        raise InvalidInput("This is no email address that SNS takes: write it in ASCII.")
    return address.ascii_email


def _number(text: str) -> str:
    """Return the number in E.164: ``+``, country code, number, nothing between."""
    how = "Write +, country code and number, as in +44 7700 900123."
    try:
        number = phonenumbers.parse(text, None)
    except NumberParseException:
        raise InvalidInput(f"This is no telephone number. {how}") from None
    if not phonenumbers.is_possible_number(number) or number.extension:
        raise InvalidInput(f"No telephone of that country has such a number. {how}")
    if phonenumbers.number_type(number) in _SILENT:
        raise InvalidInput("By its number this telephone gets no text messages. Give a mobile one.")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _arn(text: str, form: re.Pattern[str], what: str) -> str:
    if not form.fullmatch(text):
        raise InvalidInput(f"Give {what}.")
    return text


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_one = parts.scheme == "https" and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_one = False
    if not is_one or not text.isascii() or not text.isprintable() or " " in text or len(text) > _LONGEST_URL:
        raise InvalidInput(
            "Give the web hook's address in full and with https, as in https://hooks.example.com/alerts."
        )
    return text


def _without(said: str, address: str) -> str:
    """Return what a library said, without the address in it."""
    for part in sorted({address, *address.split("@")}, key=len, reverse=True):
        said = said.replace(part, "…") if len(part) > 1 else said
    return said
