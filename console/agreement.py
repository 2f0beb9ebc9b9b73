"""Asking before something is changed; where nobody can answer, nothing is."""

from __future__ import annotations

import typer

from console.errors import Unusable


def agree(question: str, *, yes: bool) -> None:
    """Ask on stderr, unless ``yes``: then the answer was given with the call.

    Raises:
        Unusable: the answer is no, or nobody answered.
    """
    if yes:
        return
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort as error:
        raise Unusable("Nobody answered, so nothing was changed; --yes does not ask.") from error
    if not agreed:
        raise Unusable("Nothing was changed.")
