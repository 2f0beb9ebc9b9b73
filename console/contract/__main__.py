"""`python -m console.contract` publishes the data contract, or says what it would break."""

import sys

from console.contract.publish import publish
from console.errors import Exit, Unusable

try:
    sys.stdout.writelines(f"docs/data/{path}\n" for path in publish())
except Unusable as error:
    sys.stderr.write(f"{error}\n")
    sys.exit(Exit.UNUSABLE)
