"""Times one cold start: what Lambda calls the init of a function, in the process that this file is the script of.

Arguments: folders to import from, joined by the path separator; the module; where to write the names of the AWS
clients that it built, or nothing. Prints the nanoseconds of the import.
"""

import os
import sys
from pathlib import Path
from time import perf_counter_ns
from typing import Any

FOLDERS, MODULE, CLIENTS = sys.argv[1:4]
sys.path[:1] = []  # this script's own folder, which Lambda would not have
sys.path[:0] = FOLDERS.split(os.pathsep)

# On Lambda the runtime client is there before the function's code is: its imports are on nobody's account.
import importlib  # noqa: E402 - the path comes first

importlib.import_module("awslambdaric.bootstrap")
importlib.import_module("awslambdaric.lambda_runtime_client")

if CLIENTS:
    # Only in a run that is not timed: which clients does the module build?
    import botocore.session

    names: list[str] = []
    build = botocore.session.Session.create_client

    def noting(self: Any, service_name: str, *arguments: Any, **settings: Any) -> Any:
        """Build the client, and keep its name."""
        names.append(service_name)
        return build(self, service_name, *arguments, **settings)

    botocore.session.Session.create_client = noting  # type: ignore[method-assign]  # to listen in

start = perf_counter_ns()
importlib.import_module(MODULE)
elapsed = perf_counter_ns() - start

if CLIENTS:
    Path(CLIENTS).write_text(",".join(names), encoding="utf-8")
sys.stdout.write(f"{elapsed}\n")
sys.stdout.flush()
os._exit(0)  # the end of a process is not measured: why wait for it
