"""An address of its own for a function, which anybody on the internet may call."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration, aws_lambda

from infra.constructs.alarms import Alarms
from infra.constructs.function import Function


def open_to_the_internet(function: Function, *, at_once: int, alarms: Alarms) -> str:
    """Give ``function`` a public URL and return it. So many calls at once get through: no flood uses up the account.

    Nobody is asked who he is: the function itself must find out, by a signature for example. No other site's pages may
    call it (there is no CORS setting).
    """
    # On the function's own resource: the construct takes it only when the function is made.
    made = function.function.node.default_child
    if not isinstance(made, aws_lambda.CfnFunction):
        raise TypeError(f"{function.node.path} has no resource of its own")
    made.reserved_concurrent_executions = at_once
    function.is_public = True
    url = function.function.add_function_url(auth_type=aws_lambda.FunctionUrlAuthType.NONE)
    output = CfnOutput(function, "Url", value=url.url, description=f"Where {function.name} can be called")
    output.override_logical_id(f"{function.node.id}Url")  # a name that people can ask for
    alarms.add(
        function,
        "Answers5xx",
        function.function.metric("Url5xxCount", period=Duration.minutes(5), statistic="Sum"),
        says=f"{function.name} could not do what it was called for, and said so to its caller. See its log.",
        above=0,
    )
    return url.url
