"""The published schema of a message's JSON, made from the model, so that it cannot drift.

`python -m console.alert_schema > docs/schemas/alert.schema.json`
"""

from __future__ import annotations

import json
import sys

from functions.audit.document_form import schema


def text() -> str:
    """Return the schema as it is published."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
