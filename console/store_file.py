"""The store file of a local audit: tokens and how connections stand, as JSON that nobody but its owner can read."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from console.errors import Unusable
from functions.audit.grant import TIKTOK, Grant

_OTHERS: Final = 0o077
_TOKENS: Final = ("access_token", "refresh_token")


@dataclass(frozen=True, slots=True)
class Kept:
    """A grant. ``descends_from``: the mark of the merchants file's token, ``None`` when that had none."""

    grant: Grant
    descends_from: str | None


Everything = dict[tuple[str, str], Kept]


def read_store(path: Path) -> Everything:
    """Return what the file keeps, by merchant and provider; nothing when there is no file yet.

    Raises:
        Unusable: others can read the file, or it cannot be understood.
    """
    try:
        with path.open(encoding="utf-8") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & _OTHERS:
                raise Unusable(
                    f"The token store {path} can be read by others on this machine: say chmod 600 {path}, and connect "
                    "the shops in it again if others may have looked."
                )
            plain = json.load(file)
        return dict(_kept(name, entry) for name, entry in plain.items())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise Unusable(
            f"The token store {path} cannot be read ({type(error).__name__}); name another with --store."
        ) from None  # the cause may quote a token


def write_store(path: Path, everything: Everything) -> None:
    """Replace the file in one step, so that a crash leaves the old or the new one, never half of one.

    Raises:
        Unusable: it cannot be written.
    """
    plain = {_name(*key): _plain(kept) for key, kept in sorted(everything.items())}
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(plain, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
        _settle(path.parent)
    except OSError as error:
        raise Unusable(f"The token store {path} cannot be written: {error.strerror}.") from error


def _settle(folder: Path) -> None:
    """Have the new name survive a power cut too: the token in the old file is dead."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _name(merchant_id: str, provider: str) -> str:
    """Return what a pair is called in the file: TikTok's by the merchant alone, as no id holds a slash."""
    return merchant_id if provider == TIKTOK else f"{merchant_id}/{provider}"


def _kept(name: str, entry: dict[str, Any]) -> tuple[tuple[str, str], Kept]:
    merchant_id, _, provider = name.partition("/")
    key = merchant_id, provider or TIKTOK
    fields = {field: value for field, value in entry.items() if field != "descends_from"}
    return key, Kept(
        Grant.model_validate({**fields, "merchant_id": key[0], "provider": key[1]}), entry["descends_from"]
    )


def _plain(kept: Kept) -> dict[str, object]:
    plain = kept.grant.model_dump(mode="json", exclude={"merchant_id", "provider"}, exclude_none=True)
    tokens = {name: _secret(getattr(kept.grant, name)) for name in _TOKENS}
    return plain | tokens | {"descends_from": kept.descends_from}


def _secret(token: SecretStr | None) -> str | None:
    return token.get_secret_value() if token else None
