"""The CDK app: stages as data, two stacks, and the bundle that all functions run from.

stages       what differs between dev, prod and demo; validated before anything is synthesised.
bundling     the zip of the functions, built without Docker.
data_stack   what must outlive a deployment: tables, key, secret, topics.
app_stack    what can be thrown away and made again: functions, queues, schedules, alarms, dashboard.
app          ``build`` puts them together; the ``cdk`` command, ``make synth`` and the console all call it.

Nothing here imports ``functions``, and nothing there imports this.
"""
