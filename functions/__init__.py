"""What is deployed: five Lambdas around one domain, and three for those who want them.

audit        the domain: merchants, snapshots, the fifteen checks, findings, alerts. Pure.
store        the DynamoDB tables, one module each; the only place that knows attribute names.
report       the page that people look at, made of what the tables hold: words, drawings, one file of HTML.
runtime      settings, AWS clients, logger and metrics, built once per container.

dispatcher   EventBridge Scheduler starts it: it writes the expected set and sends one message a merchant.
fetcher      one merchant a message: refreshes the token, asks every source at once, stores the snapshot.
evaluator    judges the snapshot: fifteen outcomes, the findings as they stand now, and an alert if one is due.
notifier     reads new alerts from the table's stream, publishes them to SNS, records that it did.
closer       counts what was audited, names what was not, ends the wait of alerts, sweeps up those that never left.
reporter     writes the report of a night that was judged into a private bucket; off unless the stage says so.
viewer       leads the holder of a signed link to a report; there where reports are.
webhook      hears from TikTok which accounts were disconnected, and marks why; off unless the stage says so.

Who may import whom: audit <- store <- the rooms. Rooms never import each other; what passes between them is a model
in ``audit``. ``runtime`` serves the rooms and imports none of them. Nothing here imports ``console`` or ``infra``.
"""
