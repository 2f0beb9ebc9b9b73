"""A deployed stage as the console sees it: its tables, its dispatcher, and errors that say what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

from console.errors import Unusable
from functions.store.tables import Tables
from functions.store.tokens import Tokens

_NAME = re.compile(r"[a-z][a-z0-9-]{0,20}")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+/?")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}")
_MISSING = {"ResourceNotFoundException", "NotFoundException", "NotFound"}
_DENIED = {"AccessDeniedException", "AccessDenied", "UnrecognizedClientException", "ExpiredTokenException"}


@dataclass(frozen=True)
class Stage:
    """One deployed stage. ``client`` gives the boto3 client of a service in its account and region."""

    name: str
    client: Callable[[str], Any]

    @classmethod
    def of(cls, name: str, *, profile: str | None, region: str | None, endpoint_url: str | None) -> Stage:
        """Return the stage as the caller's own AWS credentials reach it.

        Raises:
            Unusable: the name, the profile or the region cannot be used.
        """
        if not _NAME.fullmatch(name):
            raise Unusable(f"{name!r} is not the name of a stage; stages are named in infra/stages.toml.")
        try:
            session = boto3.Session(profile_name=profile, region_name=region)
        except ProfileNotFound as error:
            raise Unusable(f"{error}. Name one of yours with --profile.") from error
        if endpoint_url is not None and not _ADDRESS.fullmatch(endpoint_url):
            raise Unusable(f"{endpoint_url!r} is not the address of an AWS; give one such as http://127.0.0.1:4566.")
        if session.region_name is not None and not _REGION.fullmatch(session.region_name):
            raise Unusable(f"{session.region_name!r} is not an AWS region; give one such as eu-west-1 with --region.")
        config = Config(retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=5, read_timeout=30)

        @cache
        def client(service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
            return session.client(service, endpoint_url=endpoint_url, config=config)  # type: ignore[call-overload]  # any service

        return cls(name, client)

    @property
    def prefix(self) -> str:
        """What the names of everything on this stage begin with."""
        return f"nightjar-{self.name}-"

    @cached_property
    def tables(self) -> Tables:
        """The stage's tables."""
        return Tables(self.client("dynamodb"), self.prefix)

    @cached_property
    def tokens(self) -> Tokens:
        """The stage's tokens table, encrypting under the stage's own key."""
        return Tokens(
            self.client("dynamodb"),
            f"{self.prefix}tokens",
            kms=self.client("kms"),
            key_id=self.key_alias,
        )

    @property
    def key_alias(self) -> str:
        """What the stage's own key is called."""
        return f"alias/nightjar-{self.name}"

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what AWS refuses into an error that says what to do.

        Raises:
            Unusable: instead of every error of boto3.
        """
        try:
            yield
        except (NoCredentialsError, NoRegionError, PartialCredentialsError) as error:
            raise Unusable(
                f"{str(error).rstrip('.')}. Give AWS credentials and a region, for example with --profile and "
                "--region, or look around without AWS: nightjar demo."
            ) from error
        except ClientError as error:
            raise Unusable(self._said(error)) from error
        except BotoCoreError as error:
            raise Unusable(f"AWS could not be reached: {error}") from error

    def _said(self, error: ClientError) -> str:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _MISSING:
            return (
                f"Stage {self.name!r} is not deployed in this account and region (nothing is named {self.prefix}…). "
                "Deploy it as the README says, or name another with --stage, --profile and --region."
            )
        if code in _DENIED:
            return (
                f"AWS refused {error.operation_name} on stage {self.name!r} ({code}). Use credentials that may do it."
            )
        return f"AWS answered {error.operation_name} with {code}: {error.response.get('Error', {}).get('Message', '')}"
