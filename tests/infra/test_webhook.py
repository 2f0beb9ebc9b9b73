"""The one function that the internet may call: there only when the stage says so, and held in every way."""

from __future__ import annotations

import json

import pytest

from tests.infra.templates import Properties, Stacks

pytestmark = pytest.mark.slow

NAME = "nightjar-demo-webhook"


def _webhook(demo: Stacks) -> tuple[str, Properties]:
    return (
        demo.app.logical_id("Lambda::Function", "FunctionName", NAME),
        demo.app.named("Lambda::Function", "FunctionName", NAME),
    )


def test_without_the_setting_nothing_of_it_exists(prod: Stacks) -> None:
    for kind in ("Lambda::Url", "Lambda::Permission"):
        assert not prod.app.of_type(kind)
    assert "webhook" not in json.dumps(prod.app.body).lower()
    assert "Url" not in json.dumps(prod.app.body.get("Outputs", {}))


def test_it_is_small_quick_and_never_many_at_once(demo: Stacks) -> None:
    _, function = _webhook(demo)
    assert (function["Timeout"], function["MemorySize"]) == (15, 256)
    # Of a new account's ten, or of the usual thousand: a flood takes two.
    assert function["ReservedConcurrentExecutions"] == 2
    assert function["Handler"] == "functions.webhook.handler.handler"


def test_no_other_function_reserves_concurrency(prod: Stacks, demo: Stacks) -> None:
    for stacks in (prod, demo):
        functions = stacks.app.of_type("Lambda::Function").values()
        reserved = [each["FunctionName"] for each in functions if "ReservedConcurrentExecutions" in each]
        assert reserved == ([NAME] if stacks is demo else [])


def test_its_url_asks_nobody_who_he_is_and_other_sites_pages_may_not_call_it(demo: Stacks) -> None:
    logical_id, _ = _webhook(demo)
    (url,) = demo.app.of_type("Lambda::Url").values()
    assert url == {"AuthType": "NONE", "TargetFunctionArn": {"Fn::GetAtt": [logical_id, "Arn"]}}


def test_anybody_may_call_it_through_its_url_and_in_no_other_way(demo: Stacks) -> None:
    logical_id, _ = _webhook(demo)
    permissions = sorted(demo.app.of_type("Lambda::Permission").values(), key=lambda each: len(each["Action"]))
    # Lambda wants both since October 2025.
    assert permissions == [
        {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Fn::GetAtt": [logical_id, "Arn"]},
            "InvokedViaFunctionUrl": True,
            "Principal": "*",
        },
        {
            "Action": "lambda:InvokeFunctionUrl",
            "FunctionName": {"Fn::GetAtt": [logical_id, "Arn"]},
            "FunctionUrlAuthType": "NONE",
            "Principal": "*",
        },
    ]


def test_the_stacks_output_says_where_it_is(demo: Stacks) -> None:
    (url,) = demo.app.of_type("Lambda::Url")
    assert demo.app.body["Outputs"]["WebhookUrl"]["Value"] == {"Fn::GetAtt": [url, "FunctionUrl"]}


@pytest.mark.parametrize("metric", ["Errors", "Throttles", "Url5xxCount"])
def test_what_goes_wrong_on_our_side_raises_an_alarm(demo: Stacks, metric: str) -> None:
    logical_id, _ = _webhook(demo)
    (alarm,) = (
        alarm
        for alarm in demo.app.of_type("CloudWatch::Alarm").values()
        if alarm["MetricName"] == metric
        and {"Name": "FunctionName", "Value": {"Ref": logical_id}} in alarm["Dimensions"]
    )
    assert (alarm["Threshold"], alarm["ComparisonOperator"], alarm["Statistic"]) == (0, "GreaterThanThreshold", "Sum")
    assert "Operators" in json.dumps(alarm["AlarmActions"])


def test_what_anybody_can_cause_raises_none(demo: Stacks) -> None:
    assert not [
        alarm for alarm in demo.app.of_type("CloudWatch::Alarm").values() if alarm["MetricName"] == "Url4xxCount"
    ]


def test_the_dashboard_shows_its_calls_and_its_refusals(demo: Stacks) -> None:
    (board,) = demo.app.of_type("CloudWatch::Dashboard").values()
    shown = json.dumps(board["DashboardBody"])
    for metric in ("UrlRequestCount", "Url4xxCount", "Url5xxCount"):
        assert metric in shown
