"""The lint of the steps: thin bodies, one expectation that can fail, nothing hidden in the context."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

_BODY = 6  # statements of a step beside its docstring: more belongs into support
_FORBIDDEN = (ast.For, ast.While, ast.Try, ast.If, ast.IfExp, ast.With, ast.Assert, ast.ListComp)
_OURS = {"suite", "world"}  # all that the suite keeps in behave's context
# Of behave's own, a step may read what the sentence carries.
_CARRIED = {"table", "text"}
_GRAMMAR = {"given", "when", "then"}


def check_steps(folder: Path) -> list[str]:
    """One line per finding in the step files of a folder."""
    return [text for file in sorted(folder.glob("*.py")) for text in _check(file)]


def _check(file: Path) -> Iterator[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    if not file.name.endswith("_steps.py"):
        yield f"{file.name}:1: step files are called <area>_steps.py, or they hide packages of the same name"
    for node in ast.walk(tree):
        yield from (f"{file.name}:{getattr(node, 'lineno', 1)}: {text}" for text in _anywhere(node))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and _is_step(node):
            yield from (f"{file.name}:{node.lineno}: {node.name} {text}" for text in _step(node))


def _anywhere(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and any(alias.name == "assert_that" for alias in node.names):
        yield "assert_that passes when its second argument is no matcher: use expect"
    if isinstance(node, ast.Attribute) and node.attr in ("execute_steps", "sleep", "assert_that"):
        yield f"{node.attr} has no place in steps"
    if _of_context(node) and node.attr not in _OURS | _CARRIED:
        yield f"context.{node.attr}: the context holds suite and world, nothing else"
    if _is_expect(node) and any(isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not) for part in node.args):
        yield "`not` before a matcher is a plain False and passes: use a matcher that says the opposite"


def _step(node: ast.FunctionDef) -> Iterator[str]:
    documentation = ast.get_docstring(node) or ""
    if not documentation or "\n" in documentation:
        yield "needs a docstring of one line that a reader of the catalogue understands"
    if len(node.body) - bool(documentation) > _BODY:
        yield f"has more than {_BODY} statements: move the work into support"
    if "then" in _grammar(node) and not any(_can_fail(part) for part in ast.walk(node)):
        yield "expects nothing: a Then that cannot fail is worse than none"
    for part in ast.walk(node):
        if isinstance(part, _FORBIDDEN):
            yield f"contains {type(part).__name__.lower()} (line {part.lineno}): move it into support"


def _of_context(node: ast.AST) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "context"


def _is_expect(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "expect"


def _can_fail(part: ast.AST) -> bool:
    if not isinstance(part, ast.Call):
        return False
    name = part.func.id if isinstance(part.func, ast.Name) else getattr(part.func, "attr", "")
    return name in ("expect", "eventually", "throughout") or name.startswith(("demand_", "await_"))


def _is_step(node: ast.FunctionDef) -> bool:
    return bool(_GRAMMAR & _grammar(node))


def _grammar(node: ast.FunctionDef) -> set[str]:
    names = [
        part.func.id for part in node.decorator_list if isinstance(part, ast.Call) and isinstance(part.func, ast.Name)
    ]
    return set(names)
