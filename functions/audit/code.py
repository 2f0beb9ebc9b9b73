"""Which code judged: a fingerprint of everything in this package that an outcome could depend on."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

_JUDGES: Final = (".py", ".toml")


@cache
def code_version() -> str:
    """Return twelve hex digits over the sources of this package and its profile, the same wherever they lie.

    A change that changes no outcome, such as one of wording, makes another version, too: which one does can only be
    told by judging again.
    """
    package, digest = Path(__file__).parent, hashlib.sha256()
    sources = {path.relative_to(package).as_posix(): path for path in package.rglob("*") if path.suffix in _JUDGES}
    for name, path in sorted(sources.items()):
        digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:12]
