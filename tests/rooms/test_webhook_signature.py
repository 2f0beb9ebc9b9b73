"""Only TikTok, which shares the app's secret with us, can sign; and a signature is good for minutes, not for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.webhook.refused import Refused
from functions.webhook.signature import check_digest, check_time, parse, sign

SECRET = "the-secret"
BODY = b'{"event": "x"}'
SENT = "1633174587"
# printf '1633174587.{"event": "x"}' | openssl dgst -sha256 -hmac the-secret
DIGEST = "be6e2a584306032c9dbaf0b535943a5bdff074555045237894b921dd1924d770"
SENT_AT = datetime(2021, 10, 2, 11, 36, 27, tzinfo=UTC)
# No time limit: a busy machine is no failure.
quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
HEX = st.text("0123456789abcdef", min_size=64, max_size=64)


def _why(header: str | None) -> str:
    with pytest.raises(Refused) as refused:
        parse(header)
    assert refused.value.status == 401
    return refused.value.why


def test_a_signature_is_what_openssl_makes_of_time_dot_and_body() -> None:
    assert sign(BODY, SECRET, sent_at=SENT) == DIGEST
    check_digest(DIGEST, SENT, BODY, SECRET)


@pytest.mark.parametrize("header", [f"t={SENT},s={DIGEST}", f"s={DIGEST},t={SENT}"])
def test_the_two_elements_may_come_in_either_order(header: str) -> None:
    assert parse(header) == (SENT, DIGEST)


@quick
@given(st.from_regex(r"[0-9]{1,12}", fullmatch=True), HEX)
def test_every_header_of_tiktoks_form_is_read_as_it_is_written(sent_at: str, digest: str) -> None:
    if sent_at.isascii():
        assert parse(f"t={sent_at},s={digest}") == (sent_at, digest)


def test_no_header_is_no_signature() -> None:
    assert _why(None) == "it is not signed"


@pytest.mark.parametrize(
    "header",
    [
        "",
        DIGEST,
        f"t={SENT}",
        f"s={DIGEST}",
        f"t=,s={DIGEST}",
        f"t={SENT},s=",
        f"t={SENT},s={DIGEST},",
        f",t={SENT},s={DIGEST}",
        f"t={SENT}, s={DIGEST}",
        f" t={SENT},s={DIGEST}",
        f"t={SENT},s={DIGEST}\n",
        f"t={SENT},s={DIGEST.upper()}",
        f"t={SENT},s={DIGEST[:-1]}",
        f"t={SENT},s={DIGEST}0",
        f"t={SENT},s={DIGEST[:-1]}g",
        f"T={SENT},S={DIGEST}",
        f"t=-{SENT},s={DIGEST}",
        f"t=+{SENT},s={DIGEST}",
        f"t={SENT}.0,s={DIGEST}",
        f"t=1e9,s={DIGEST}",
        f"t=１６３３１７４５８７,s={DIGEST}",
        f"t=1{'0' * 12},s={DIGEST}",
        f"t={SENT},s={DIGEST},v=1",
        f"t={SENT},t={SENT},s={DIGEST}",
        f"t={SENT},s={DIGEST},s={DIGEST}",
        # What a function URL makes of the header sent twice.
        f"t={SENT},s={DIGEST},t={SENT},s={DIGEST}",
        f"t={SENT};s={DIGEST}",
        f't="{SENT}",s="{DIGEST}"',
    ],
)
def test_anything_but_the_two_elements_is_refused(header: str) -> None:
    assert _why(header) == "its signature is not of TikTok's form"


@quick
@given(st.text())
def test_whatever_stands_in_the_header_is_read_or_refused(header: str) -> None:
    try:
        sent_at, digest = parse(header)
    except Refused:
        return
    assert header in {f"t={sent_at},s={digest}", f"s={digest},t={sent_at}"}


@pytest.mark.parametrize("age", [timedelta(0), timedelta(minutes=5), timedelta(seconds=-60)])
def test_a_signature_of_the_last_five_minutes_is_fresh_even_if_our_clock_is_a_minute_late(age: timedelta) -> None:
    check_time(SENT, now=SENT_AT + age)


@pytest.mark.parametrize(
    ("age", "why"),
    [
        (timedelta(minutes=5, microseconds=1), "its signature is too old"),
        (timedelta(hours=72), "its signature is too old"),
        (timedelta(seconds=-60, microseconds=-1), "its signature is from the future"),
        (timedelta(days=-400), "its signature is from the future"),
    ],
)
def test_an_older_one_or_one_from_the_future_is_refused(age: timedelta, why: str) -> None:
    with pytest.raises(Refused, match=why) as refused:
        check_time(SENT, now=SENT_AT + age)

    assert refused.value.status == 401


@pytest.mark.parametrize("sent_at", ["0", "999999999999"])
def test_the_first_and_the_last_time_that_can_be_written_are_merely_refused(sent_at: str) -> None:
    with pytest.raises(Refused):
        check_time(sent_at, now=SENT_AT)


@quick
@given(st.binary(max_size=200), st.text(max_size=40), st.from_regex(r"\A[0-9]{1,12}\Z"), HEX)
def test_a_guessed_signature_is_refused(raw: bytes, secret: str, sent_at: str, guess: str) -> None:
    with pytest.raises(Refused, match="its signature is wrong"):
        check_digest(guess, sent_at, raw, secret)


@pytest.mark.parametrize(
    ("raw", "secret", "sent_at"),
    [
        (BODY + b" ", SECRET, SENT),
        (b"", SECRET, SENT),
        (BODY, "the-secret ", SENT),
        (BODY, "", SENT),
        (BODY, SECRET, "1633174588"),
        (BODY, SECRET, "01633174587"),
    ],
)
def test_other_bytes_another_secret_or_another_time_have_another_signature(
    raw: bytes, secret: str, sent_at: str
) -> None:
    with pytest.raises(Refused, match="its signature is wrong"):
        check_digest(DIGEST, sent_at, raw, secret)


@quick
@given(st.data())
def test_one_altered_byte_of_body_time_or_signature_is_refused(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.binary(min_size=1, max_size=300)))
    sent_at, secret = "1795227300", "app-secret"
    digest = sign(bytes(raw), secret, sent_at=sent_at)
    where = data.draw(st.sampled_from(["body", "time", "signature"]))
    if where == "body":
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] ^= data.draw(st.integers(1, 255))
    header = f"t={sent_at},s={digest}"
    if where != "body":
        first, last = (2, 2 + len(sent_at) - 1) if where == "time" else (len(header) - 64, len(header) - 1)
        at = data.draw(st.integers(first, last))
        other = data.draw(st.characters().filter(lambda character: character != header[at]))
        header = header[:at] + other + header[at + 1 :]

    with pytest.raises(Refused):
        check_digest(parse(header)[1], parse(header)[0], bytes(raw), secret)
