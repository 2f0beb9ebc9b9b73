"""Whose word it is: a name to stand beside what a person decided, and never an address."""

from __future__ import annotations

import getpass

from botocore.exceptions import BotoCoreError, ClientError

from console.errors import Unusable
from console.stage import Stage


def author_of(stage: Stage, given: str | None) -> str:
    """Return the name that was given; else the caller's name at AWS, or on this machine where AWS tells none.

    A session is often named by an email address: what stands before the @ is the name.

    Raises:
        Unusable: nobody knows who this is.
    """
    if given is not None:
        return given
    name = (_at_aws(stage) or _here()).partition("@")[0].strip()
    if not name:
        raise Unusable("Nobody knows who you are; say it with --author NAME.")
    return name


def _at_aws(stage: Stage) -> str:
    try:
        arn: str = stage.client("sts").get_caller_identity()["Arn"]
    except (BotoCoreError, ClientError):
        return ""  # whether AWS can be reached at all shows when the table is written
    # arn:aws:iam::ACCOUNT:user/PATH/NAME, arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION, arn:aws:iam::ACCOUNT:root
    return arn.rpartition(":")[2].rpartition("/")[2]


def _here() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
