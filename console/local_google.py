"""The Google credentials of a local audit: a file that a variable names, as Google hands it out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from console.errors import Unusable
from functions.audit.errors import InvalidInput
from functions.audit.hosts import HostPolicy
from functions.fetcher.sources.ga4.access import GoogleAccess
from functions.fetcher.sources.ga4.config import read_config
from functions.fetcher.sources.ga4.credentials import GoogleCredentials

VARIABLE: Final = "NIGHTJAR_GOOGLE_CREDENTIALS"
LARGEST_FILE: Final = 64 * 1024


def google_of(environment: Mapping[str, str], hosts: HostPolicy) -> GoogleAccess | None:
    """Return what the file opens; ``None`` where the variable names none.

    Raises:
        Unusable: the file cannot be read, or what is in it cannot be used.
    """
    named = environment.get(VARIABLE, "").strip()
    if not named:
        return None
    path = Path(named).expanduser()
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise Unusable(f"{VARIABLE}: {path} is too large to be Google's credentials.")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"{VARIABLE}: {path} cannot be read as a text file ({type(error).__name__}).") from error
    try:
        config = read_config(text, hosts)
    except InvalidInput as error:
        raise Unusable(f"{VARIABLE}: {path}: {error} See docs/guides/ga4.md.") from error
    if config is None:
        raise Unusable(f"{VARIABLE}: {path} is empty. See docs/guides/ga4.md.")
    return GoogleCredentials(config, hosts, environment=environment)
