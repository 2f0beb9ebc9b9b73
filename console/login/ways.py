"""The ways in which TikTok's answer comes: heard on this machine, pasted while we wait, or given to a later run."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import typer
from pydantic import SecretStr

from console.errors import Unusable
from console.login.addresses import Redirect
from console.login.attempt import Attempt, Connected
from console.login.browser import can_open, open_in_background
from console.login.callback import Callback, Foreign, Granted, Refused
from console.login.pasted import Terminal, is_bare_code, read_pasted
from console.login.pending import Pending, PendingLogins
from console.login.proof import Proof, new_proof
from console.login.receiver import Receiver
from console.login.report import page_of
from functions.audit.text import one_line

_STDIN: Final = 0
_SECONDS_TO_PASTE: Final = 300
FROM_STDIN: Final = "-"


def listen(attempt: Attempt, redirect: Redirect, *, timeout: float, browser: bool) -> Connected:
    """Open the browser and wait for TikTok to send it here."""
    proof = new_proof(pkce=True)
    with Receiver(redirect, state=proof.state) as receiver:
        address = attempt.address(receiver.redirect_uri, proof)
        opens = browser and can_open(os.environ)
        ask = "Open this address on this machine"
        _show(attempt, address, f"If no browser opens: {ask.lower()}" if opens else ask)
        if opens:
            open_in_background(address)
        answer = receiver.wait(timeout)
        connected = attempt.finish(answer, receiver.redirect_uri, proof.verifier, now=_now())
        receiver.tell(page_of(connected, attempt.place.name))
    return connected


@dataclass(frozen=True, slots=True)
class Pasting:
    """A login whose answer somebody pastes. ``name`` is what it is kept under until then."""

    attempt: Attempt
    logins: PendingLogins
    name: str

    def begin(self, redirect: Redirect, *, timeout: float) -> Connected:
        """Show the address, and read what is pasted; what was begun can still be finished by ``finish`` later.

        Raises:
            Unusable: nothing was pasted, or TikTok refused.
        """
        if redirect.port == 0:
            raise Unusable("Nothing listens with --paste, so TikTok must be told a port: name one with --port.")
        proof, redirect_uri = new_proof(pkce=redirect.is_desktop), redirect.at()
        login = _pending(self.attempt, proof, redirect_uri)
        self.logins.keep(self.name, login)
        _show(self.attempt, self.attempt.address(redirect_uri, proof), "Open this address in a browser")
        typer.echo(f"Then paste the address that the browser ends up at ({redirect_uri}?code=…):", err=True)
        terminal, deadline = _terminal(), time.monotonic() + timeout
        while (line := terminal.line(deadline)) is not None:
            answer = self._read(line, login)
            if isinstance(answer, Foreign):
                typer.echo(f"That cannot be used: {answer.why}. Paste the whole address:", err=True)
            else:
                return self._use(answer, login)
        raise Unusable(
            f"{self.attempt.merchant.id} is not connected yet: nothing was pasted. Within ten minutes of now, run this "
            "again with --code 'ADDRESS', or with --code - to paste it."
        )

    def finish(self, text: str) -> Connected:
        """Finish the login that waits, with what somebody copied.

        Raises:
            Unusable: none waits, or what was copied does not belong to it, or TikTok refused.
        """
        login = self.logins.find(self.name, _now())
        if login is None:
            raise Unusable(
                f"No login of {self.attempt.merchant.id} {self.attempt.place.name} waits on this machine: a login is "
                "kept for ten minutes and used once. Begin one by running this without --code."
            )
        if text == FROM_STDIN:
            text = _terminal().line(time.monotonic() + _SECONDS_TO_PASTE) or ""
        answer = self._read(text, login)
        if isinstance(answer, Foreign):
            raise Unusable(f"What --code was given cannot be used: {answer.why}. Copy the whole address.")
        return self._use(answer, login)

    def _read(self, text: str, login: Pending) -> Callback:
        if is_bare_code(text) and self.attempt.accept_account:
            # Neither its state nor its account would say that it belongs to the login that was begun here.
            return Foreign("with --accept-account it must be the whole address, not the code alone")
        return read_pasted(text, login.state.get_secret_value())

    def _use(self, answer: Granted | Refused, login: Pending) -> Connected:
        # Before it is used: a code is good for one trade, whatever comes of it.
        self.logins.drop(self.name)
        verifier = None if login.verifier is None else login.verifier.get_secret_value()
        begun = replace(self.attempt, scopes=login.scopes)
        return begun.finish(answer, login.redirect_uri, verifier, now=_now())


def _pending(attempt: Attempt, proof: Proof, redirect_uri: str) -> Pending:
    return Pending(
        state=SecretStr(proof.state),
        verifier=None if proof.verifier is None else SecretStr(proof.verifier),
        redirect_uri=redirect_uri,
        scopes=attempt.scopes,
        begun_at=_now(),
    )


def _terminal() -> Terminal:
    if sys.stdin is None:  # closed by whoever started us: the handle may be anybody's by now
        raise Unusable("There is no stdin to paste into; give the address with --code 'ADDRESS'.")
    return Terminal(_STDIN)


def _show(attempt: Attempt, address: str, ask: str) -> None:
    """Say what to do. The address alone goes to stdout, where a script finds it on the first line."""
    name = one_line(attempt.merchant.name, limit=60)
    typer.echo(f"Log in to TikTok as {name}, and leave every permission ticked. {ask}:", err=True)
    typer.echo(address)


def _now() -> datetime:
    return datetime.now(UTC)
