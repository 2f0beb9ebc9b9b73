"""A stage that cannot work is refused before anything is synthesised, with a sentence that says what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.stages import DEFAULT_FILE, StageError, choose

DEV = DEFAULT_FILE.read_text(encoding="utf-8").partition("[prod]")[0]


def _refusal(tmp_path: Path, text: str, stage: str = "dev") -> str:
    file = tmp_path / "stages.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(StageError) as refused:
        choose(stage, file=file)
    return str(refused.value)


@pytest.mark.parametrize("name", ["dev", "prod", "demo"])
def test_every_stage_of_the_project_is_valid(name: str) -> None:
    assert choose(name).prefix == f"nightjar-{name}-"


def test_no_address_is_committed_with_the_stages() -> None:
    for name in ("dev", "prod", "demo"):
        stage = choose(name)
        assert (stage.emails, stage.phones, stage.operators) == ((), (), ())


def test_prod_keeps_its_data() -> None:
    prod = choose("prod")
    assert prod.retain_data
    assert prod.deletion_protection
    assert prod.point_in_time_recovery


def test_plain_http_is_for_the_demo_only() -> None:
    assert [name for name in ("dev", "prod", "demo") if choose(name).loopback_http] == ["demo"]


def test_no_stage_opens_an_address_to_the_internet_unless_it_says_so() -> None:
    assert [name for name in ("dev", "prod", "demo") if choose(name).webhook] == ["demo"]
    assert [name for name in ("dev", "prod", "demo") if choose(name).reports] == []


def test_an_unknown_stage_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(StageError, match=r"There is no stage 'staging'\. stages\.toml has: demo, dev, prod\."):
        choose("staging")


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("closing = 06:15:00", "closing = 02:15:00", "closing must be later than nightly on the same UTC day"),
        ("nightly = 02:15:00", "nightly = 02:15:30", "nightly: schedules run on whole minutes of UTC"),
        ("log_days = 14", "log_days = 15", "log_days: CloudWatch Logs does not know this retention: write one of 1, 3"),
        ("log_days = 14", "", "log_days: is missing: add it"),
        ("snapshot_days = 14", "snapshot_days = 91", "a snapshot without its audit explains nothing"),
        ("alert_days = 90", "alert_days = 8", "alert_days: Input should be greater than or equal to 9"),
        ("finding_days = 90", "finding_days = 29", "finding_days: Input should be greater than or equal to 30"),
        ("log_days = 14", "log_day = 14\nlog_days = 14", "log_day: is not a setting. Settings: nightly, closing"),
        ("fetch_concurrency = 5", "fetch_concurrency = 1", "fetch_concurrency: Input should be greater than or equal"),
        ('["open.tiktokapis.com"]', '["https://a.example"]', "allowed_hosts[0]: not one host's name"),
        ('["open.tiktokapis.com"]', '["*.example.com"]', "no pattern and no IP address"),
        ('["open.tiktokapis.com"]', '["*"]', "allowed_hosts[0]: not one host's name"),
        ('["open.tiktokapis.com"]', '[".example.com"]', "allowed_hosts[0]: not one host's name"),
        ('["open.tiktokapis.com"]', '["10.0.0.1"]', "allowed_hosts[0]: not one host's name"),
        ('["open.tiktokapis.com"]', '["0x7f.1"]', "allowed_hosts[0]: not one host's name"),
        ('["open.tiktokapis.com"]', '["2130706433"]', "allowed_hosts[0]: not one host's name"),
        ('["open.tiktokapis.com"]', '["[::1]"]', "allowed_hosts[0]: not one host's name"),
        ('["open.tiktokapis.com"]', '["shop.example:8443"]', "allowed_hosts[0]: not one host's name"),
        ('["open.tiktokapis.com"]', "[]", "allowed_hosts: "),
        ("emails = []", 'tiktok_hosts = ["*.example.com"]', "tiktok_hosts[0]: not one host's name"),
        ("emails = []", "tiktok_hosts = []", "tiktok_hosts: "),
        ("emails = []", 'emails = ["shop at example"]', "emails[0]: not an email address"),
        ("phones = []", 'phones = ["020 7946 0000"]', "phones[0]: not an E.164 number"),
        ("emails = []", "loopback_http = true", "loopback_http is for the stage demo only"),
        ("deletion_protection = false", "deletion_protection = true", "deletion_protection without retain_data"),
        ("_per_minute = 600", "_per_minute = 1", "tiktok_requests_per_minute: Input should be greater than or equal"),
        ("_per_minute = 600", "_per_minute = 60001", "tiktok_requests_per_minute: Input should be less than or equal"),
        ("sms_per_night = 500", "sms_per_night = 0", "sms_per_night: Input should be greater than or equal to 1"),
        ("sms_per_night = 500", "sms_per_night = 10001", "sms_per_night: Input should be less than or equal to 10000"),
        ("sms_per_merchant = 3", "sms_per_merchant = 0", "sms_per_merchant: Input should be greater than or equal"),
        ("price_usd = 0.50", "price_usd = 0", "sms_max_price_usd: Input should be greater than 0"),
        ("price_usd = 0.50", "price_usd = 5.01", "sms_max_price_usd: Input should be less than or equal to 5"),
        ("phones = []", 'sms_sender_id = "Nightjar Ltd"', "sms_sender_id: not a sender of text messages: 1 to 11"),
        ("phones = []", 'sms_sender_id = "12345"', "a letter among them"),
        ("phones = []", 'sms_sender_id = "Nightjarrrrr"', "sms_sender_id: not a sender of text messages"),
        ("[dev]", "[dev", "stages.toml is not valid TOML"),
    ],
)
def test_a_setting_that_cannot_work_is_named(tmp_path: Path, before: str, after: str, says: str) -> None:
    assert before in DEV
    assert says in _refusal(tmp_path, DEV.replace(before, after, 1))


def test_a_refusal_never_repeats_an_address_or_a_number() -> None:
    with pytest.raises(StageError) as refused:
        choose("dev", recipients={"emails": ["jo@@example.com"], "phones": ["02079460000"]})
    assert "jo@" not in str(refused.value)
    assert "02079460000" not in str(refused.value)


def test_a_stage_that_is_a_value_is_explained(tmp_path: Path) -> None:
    assert "write [dev] above its settings" in _refusal(tmp_path, "dev = 1")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StageError, match=r"The stages cannot be read from .*nowhere\.toml"):
        choose(file=tmp_path / "nowhere.toml")
