"""Every alarm goes the same way: to the operators' topic, with a sentence that says what it means and what to do."""

from __future__ import annotations

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions, aws_sns
from constructs import Construct


class Alarms:
    """All alarms of a stage."""

    def __init__(self, *, operators: aws_sns.ITopic) -> None:
        self._tell = aws_cloudwatch_actions.SnsAction(operators)
        self.all: list[cloudwatch.IAlarm] = []

    def add(
        self,
        scope: Construct,
        alarm_id: str,
        metric: cloudwatch.IMetric,
        *,
        says: str,
        above: float | None = None,
        below: float | None = None,
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> None:
        """Raise an alarm when the metric is ``above`` or ``below`` a figure in one period. It belongs to ``scope``.

        Raises:
            ValueError: neither or both of the figures were given.
        """
        if (above is None) == (below is None):
            raise ValueError(f"alarm {alarm_id}: give either above or below")
        threshold = above if above is not None else below
        alarm = cloudwatch.Alarm(
            scope,
            alarm_id,
            metric=metric,
            threshold=threshold or 0,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
            if above is not None
            else cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=missing,
            alarm_description=says,
        )
        alarm.add_alarm_action(self._tell)
        self.all.append(alarm)
