"""How a table is declared: its keys, what each index answers, and of each attribute what it says, and in which unit."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, WithJsonSchema
from pydantic.fields import FieldInfo

from functions.audit.absence import Reason
from functions.audit.checks import CATALOGUE
from functions.audit.extra_checks import EXTRAS
from functions.audit.kpi import KPI_NAMES
from functions.audit.mute import ALL
from functions.store.items import SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class Index:
    """A global index: its keys, and the question that it answers. ``keys_only``: it shows no other attributes."""

    name: str
    partition: str
    sort: str
    answers: str
    keys_only: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its keys, the question that they answer, its indexes, and the declaration of its items.

    ``readable``: whether the fleet's readers may read it. ``of_one_merchant``: whether its key begins with the
    merchant, so that a tenant's reader can be held to its own rows. ``expires``: whether ``ttl`` ends its items.
    """

    name: str
    partition: str
    sort: str | None
    answers: str
    item: Any
    indexes: tuple[Index, ...] = ()
    readable: bool = True
    expires: bool = False

    @property
    def of_one_merchant(self) -> bool:
        """Whether a tenant's reader may read it too."""
        return self.readable and self.partition == "merchant_id"


def says(text: str, *, unit: str | None = None) -> FieldInfo:
    """Describe an attribute; ``unit`` is part of the contract as its type is."""
    described: FieldInfo = Field(description=text, json_schema_extra={"x-unit": unit} if unit else None)
    return described


def grows(*values: str) -> WithJsonSchema:
    """Declare a text that takes one of these values today; more may come, and a reader passes over those it ignores."""
    return WithJsonSchema({"type": "string", "x-values": list(values)})


def grows_as(values: type[StrEnum]) -> WithJsonSchema:
    """Declare the same for what the code enumerates."""
    return grows(*(member.value for member in values))


Text = str
Flag = bool
Count = Annotated[int, WithJsonSchema({"type": "integer", "minimum": 0})]
Number = Annotated[Decimal, WithJsonSchema({"type": "number"})]
Day = Annotated[date, WithJsonSchema({"type": "string", "format": "date"})]
Instant = Annotated[datetime, AwareDatetime, WithJsonSchema({"type": "string", "format": "date-time"})]
Binary = Annotated[bytes, WithJsonSchema({"type": "string", "contentEncoding": "base64"})]
Anything = Annotated[dict[str, Any], WithJsonSchema({"type": "object"})]

MerchantId = Annotated[Text, says("The merchant, by the id that you gave it.")]
_CHECKS = tuple(check.id for check in (*CATALOGUE, *EXTRAS))
CheckName = Annotated[str, grows(*_CHECKS)]
MutedName = Annotated[str, grows(*_CHECKS, ALL)]
KpiName = Annotated[str, grows(*KPI_NAMES)]
ReasonName = Annotated[str, grows_as(Reason)]
# "As long as it is there": TTL deletes late, so a reader that must not see what is over compares for itself.
Ttl = Annotated[Count, says("When the item may be deleted; it may be there for days longer.", unit="s since 1970")]
Version = Annotated[
    int,
    WithJsonSchema({"type": "integer", "const": SCHEMA_VERSION}),
    says("The version of this contract that the item was written by."),
]
