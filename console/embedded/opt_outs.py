"""Who answered STOP: the one question about text messages that ministack does not know."""
# ruff: noqa: SLF001  # the emulator has no public hook for this; its version is pinned

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

_ACTION = "CheckIfPhoneNumberIsOptedOut"


class OptOuts:
    """Answers it in front of ministack's own SNS: nobody has."""

    def __init__(self, sns: Any) -> None:  # noqa: ANN401  # ministack carries no types
        self._sns = sns
        self._handle: Callable[..., Awaitable[Any]] = sns.handle_request

    def install(self) -> None:
        """Answer from now on."""
        self._sns.handle_request = self._answer

    def remove(self) -> None:
        """Put ministack's own back."""
        self._sns.handle_request = self._handle

    async def _answer(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]
    ) -> Any:  # noqa: ANN401  # ministack's triple
        asked = parse_qs(body.decode("utf-8", errors="replace"))
        if asked.get("Action") != [_ACTION]:
            return await self._handle(method, path, headers, body, query)
        told = f"<{_ACTION}Result><isOptedOut>false</isOptedOut></{_ACTION}Result>"
        return self._sns._xml(200, f"{_ACTION}Response", told)
