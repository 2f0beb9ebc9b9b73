"""A link from start to end: is it one of ours, is the report there, and where it can be read for the next minute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError
from pydantic import SecretStr

from functions.runtime.report_links import key_of, opened

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SECONDS: Final = 60  # enough to follow a redirect; what is copied from the address bar is worth nothing afterwards
_METHODS: Final = frozenset({"GET", "HEAD"})
_MISSING: Final = frozenset({"404", "NoSuchKey", "NotFound"})


@dataclass(frozen=True, slots=True)
class Opened:
    """What a caller hears. ``at`` is where the report can be read; ``why`` is for the log."""

    status: HTTPStatus
    why: str
    at: str = ""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Everything that it works with."""

    s3: S3Client
    bucket: str
    key: Callable[[], SecretStr]

    def open(self, event: Mapping[str, Any]) -> Opened:
        """Return the way to the report that a call of the function's URL asks for.

        Raises:
            botocore.exceptions.ClientError: S3 or Secrets Manager refused.
        """
        context = event.get("requestContext")
        http = context.get("http") if isinstance(context, Mapping) else None
        method = http.get("method") if isinstance(http, Mapping) else None
        if method not in _METHODS:
            return Opened(HTTPStatus.METHOD_NOT_ALLOWED, "neither GET nor HEAD")
        found = opened(str(event.get("rawPath", "")), self.key())
        if found is None:
            return Opened(HTTPStatus.NOT_FOUND, "not a link of ours")
        at = key_of(*found)
        try:
            self.s3.head_object(Bucket=self.bucket, Key=at)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _MISSING:
                raise
            return Opened(HTTPStatus.NOT_FOUND, "no such report")
        # Signed by this function's role for the next minute. The link in a message lives as long as the report.
        where = {"Bucket": self.bucket, "Key": at}
        return Opened(
            HTTPStatus.FOUND,
            "opened",
            self.s3.generate_presigned_url("get_object", Params=where, ExpiresIn=SECONDS),
        )
