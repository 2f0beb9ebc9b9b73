"""An address is checked by its form before SNS is asked, and no refusal repeats it."""

from __future__ import annotations

import pytest

from console.endpoints import endpoint_of
from functions.audit.errors import InvalidInput
from functions.audit.recipient import Protocol

ARN = "eu-west-1:111122223333"


@pytest.mark.parametrize(
    ("protocol", "text", "endpoint"),
    [
        ("email", "Anna@Example.COM", "Anna@example.com"),
        ("email", "anna@münchen.example", "anna@xn--mnchen-3ya.example"),
        ("email-json", "anna@shop.example", "anna@shop.example"),
        ("sms", "+44 7700 900123", "+447700900123"),
        ("sms", "+1 (202) 555-0123", "+12025550123"),
        ("sqs", f"arn:aws:sqs:{ARN}:alerts", f"arn:aws:sqs:{ARN}:alerts"),
        ("lambda", f"arn:aws:lambda:{ARN}:function:tell:live", f"arn:aws:lambda:{ARN}:function:tell:live"),
        ("https", "https://hooks.example.com:8443/a?b=c", "https://hooks.example.com:8443/a?b=c"),
    ],
)
def test_an_address_becomes_what_sns_takes(protocol: str, text: str, endpoint: str) -> None:
    assert endpoint_of(Protocol(protocol), text) == endpoint


@pytest.mark.parametrize(
    ("protocol", "text", "says"),
    [
        ("email", "annaatexample.com", "This is no email address"),
        ("email", "anna@localhost", "This is no email address"),
        ("email", "anna@example.com\nBcc: ben@example.com", "This is no email address"),
        ("email", "änna@example.com", "This is no email address"),
        ("sms", "07700 900123", "This is no telephone number. Write +, country code and number"),
        ("sms", "+1800", "No telephone of that country has such a number"),
        ("sms", "+999123456789", "This is no telephone number"),
        ("sms", "+44 20 7946 0000", "gets no text messages. Give a mobile one"),
        ("sms", "+447700900123 ext 4", "No telephone of that country"),
        ("sqs", f"arn:aws:sqs:{ARN}:alerts.fifo", "Give the ARN of a queue, no FIFO one"),
        ("sqs", "https://sqs.eu-west-1.amazonaws.com/111122223333/alerts", "Give the ARN of a queue"),
        ("lambda", f"arn:aws:lambda:{ARN}:layer:tell", "Give a function's ARN"),
        ("https", "http://hooks.example.com/alerts", "in full and with https"),
        ("https", "https:///alerts", "in full and with https"),
        ("https", "https://hooks.example.com:port/", "in full and with https"),
        ("https", "https://hooks.example.com/a b", "in full and with https"),
        ("https", "https://hooks.example.com/\u202e", "in full and with https"),
    ],
)
def test_what_cannot_be_one_is_refused_and_not_repeated(protocol: str, text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says.replace("+", r"\+").replace(".", r"\.")) as refusal:
        endpoint_of(Protocol(protocol), text)

    assert text not in str(refusal.value)
    assert "anna" not in str(refusal.value).lower()
