"""A function of columns as Python, with places where the columns' values go."""

from __future__ import annotations

import ast
import re
from functools import lru_cache

_BACKQUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`([^`]+)`")
#: Names within a function that are formulaic's, not columns, where they are not called.
_NOT_COLUMNS = frozenset({"np", "contr", "Sum", "Helmert", "Poly", "Diff", "True", "False", "None"})


@lru_cache(maxsize=256)
def executable(text: str) -> tuple[str, tuple[str, ...]]:
    """A function's text as Python in which columns are ``_0``, ``_1``, ..., and the columns' names.

    Raises
    ------
    SyntaxError
        If it is not an expression of Python.
    """
    quoted: list[str] = []

    def alias(found: re.Match[str]) -> str:
        if found.group(1) is None:
            return found.group(0)
        quoted.append(found.group(1))
        return f"Q({found.group(1)!r})"

    tree = ast.parse(_BACKQUOTED.sub(alias, text).strip().strip("{}"), mode="eval")
    names: list[str] = []
    tree = ast.fix_missing_locations(_Columns(names).visit(tree))
    return ast.unparse(tree), tuple(names)


class _Columns(ast.NodeTransformer):
    """Puts ``_0``, ``_1``, ... in place of the columns of an expression, and notes their names."""

    def __init__(self, names: list[str]) -> None:
        self.names = names

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name):
            if node.func.id == "Q" and isinstance(node.args[0], ast.Constant):
                return self._column(str(node.args[0].value))
        else:
            node.func = self.visit(node.func)
        node.args = [self.visit(argument) for argument in node.args]
        node.keywords = [self.visit(keyword) for keyword in node.keywords]
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return node if node.id in _NOT_COLUMNS else self._column(node.id)

    def _column(self, name: str) -> ast.AST:
        if name not in self.names:
            self.names.append(name)
        return ast.Name(f"_{self.names.index(name)}", ast.Load())
