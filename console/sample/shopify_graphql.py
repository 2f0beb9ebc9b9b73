"""As much of GraphQL as the audit needs: a document in, the tree of what it asks for; and answers cut to that."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r'\s*(?:([A-Za-z_]\w*)|(-?\d+)|"((?:[^"\\]|\\.)*)"|(\$|!|:|,|\(|\)|\{|\}|\[|\]|\.\.\.))')


class DocumentError(Exception):
    """The document cannot be answered; the text is the error's message, ``code`` its code."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a selection: its name, what the answer calls it, its arguments, what is asked for inside it."""

    name: str
    alias: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    fields: tuple[Field, ...] = ()


def parse(document: str, variables: Mapping[str, Any]) -> tuple[Field, ...]:
    """Return the root fields of a query, its variables filled in.

    Raises:
        DocumentError: it is no query of the forms that are known here.
    """
    return _Reader(_tokens(document), variables).query()


def cut(value: Any, fields: Sequence[Field]) -> Any:  # noqa: ANN401 - any JSON
    """Return of a value only what was asked for. Values hold everything that their type has.

    Raises:
        DocumentError: a field does not exist, or its parts were not named.
    """
    match value:
        case list():
            return [cut(entry, fields) for entry in value]
        case dict() if fields:
            shown = {}
            for asked in fields:
                if asked.name not in value:
                    raise DocumentError(f"Field '{asked.name}' doesn't exist.", "undefinedField")
                shown[asked.alias] = cut(value[asked.name], asked.fields)
            return shown
        case _:
            return value


def _tokens(document: str) -> list[str]:
    found, at, end = [], 0, len(document.rstrip())
    while at < end:
        match = _TOKEN.match(document, at)
        if match is None:
            raise DocumentError("syntax error, unexpected character", "PARSE_ERROR")
        found.append(match[0].strip())
        at = match.end()
    return found


class _Reader:
    """Reads tokens one after the other."""

    def __init__(self, tokens: list[str], variables: Mapping[str, Any]) -> None:
        self._tokens = [*tokens, ""]
        self._at = 0
        self._variables = variables

    def query(self) -> tuple[Field, ...]:
        if self._peek() == "query":
            self._next()
            while self._peek() not in {"{", ""}:
                self._next()  # the query's name, and the types of its variables
        fields = self._selection()
        if self._peek():
            raise self._unexpected()
        return fields

    def _selection(self) -> tuple[Field, ...]:
        self._expect("{")
        fields: list[Field] = []
        while self._peek() != "}":
            fields.append(self._field())
        self._expect("}")
        return tuple(fields)

    def _field(self) -> Field:
        name = alias = self._name()
        if self._peek() == ":":
            self._next()
            name = self._name()
        arguments: dict[str, Any] = {}
        if self._peek() == "(":
            self._next()
            while self._peek() != ")":
                argument = self._name()
                self._expect(":")
                arguments[argument] = self._value()
                if self._peek() == ",":
                    self._next()
            self._next()
        return Field(name, alias, arguments, self._selection() if self._peek() == "{" else ())

    def _value(self) -> Any:  # noqa: ANN401 - any JSON
        token = self._next()
        if token == "$":  # noqa: S105 - the sign of a variable
            return self._variables.get(self._name())
        if token.startswith('"'):
            return token[1:-1]
        if token.lstrip("-").isdecimal():
            return int(token)
        return {"true": True, "false": False, "null": None}.get(token, token)

    def _name(self) -> str:
        if not re.fullmatch(r"[A-Za-z_]\w*", self._peek()):
            raise self._unexpected()
        return self._next()

    def _peek(self) -> str:
        return self._tokens[self._at]

    def _next(self) -> str:
        token = self._tokens[self._at]
        if not token:
            raise self._unexpected()
        self._at += 1
        return token

    def _expect(self, sign: str) -> None:
        if self._next() != sign:
            self._at -= 1
            raise self._unexpected()

    def _unexpected(self) -> DocumentError:
        return DocumentError(f"syntax error, unexpected {self._peek() or 'end of file'!r}", "PARSE_ERROR")
