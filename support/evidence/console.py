"""Keeps secrets out of what others print: behave's console formatters, its JUnit reporter, its notes about hooks."""

from __future__ import annotations

from typing import Any, TextIO

from support.evidence.redaction import redact


class RedactingStream:
    """Stands in for sys.stdout or sys.stderr and redacts each text that is written to it."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Writes the text without secrets; returns the length of the text given, as its callers expect."""
        self.stream.write(redact(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def redact_statement(statement: Any) -> None:
    """Redacts what behave keeps of a step or scenario for its printers: message, error and captured output."""
    if statement.error_message:
        statement.error_message = redact(statement.error_message)
    if statement.exception is not None:
        redact_error(statement.exception)
    for captured in getattr(statement.captured, "captures", ()):
        captured.stdout, captured.stderr, captured.log = map(redact, (captured.stdout, captured.stderr, captured.log))
    reset = getattr(statement.captured, "_reset_cached", None)
    if reset is not None:
        reset()  # behave keeps the texts once it has joined them


def redact_error(error: BaseException) -> None:
    """Redacts the words of an error in place; errors that build their text from other things keep it."""
    error.args = tuple(redact(part) if isinstance(part, str) else part for part in error.args)
