"""Formulas of a few named numbers, parsed and computed without running any code that a file brings."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Formula"]

Values = npt.NDArray[np.float64]

_OPERATIONS: dict[type[ast.operator], Callable[[Values, Values], Values]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_SIGNS: dict[type[ast.unaryop], Callable[[Values], Values]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}
_LONGEST = 200
_ALLOWED = "names, numbers, + - * / and parentheses"


class Formula:
    """A formula of names, numbers, `+ - * /` and parentheses.

    Args:
        text: The formula.

    Raises:
        ValueError: It is no such formula, or names nothing.

    Example:
        >>> ratio = Formula("(CMP - T1WI) / T1WI")
        >>> ratio.names
        ('CMP', 'T1WI')
        >>> ratio({"CMP": np.array([300.0, 5.0]), "T1WI": np.array([100.0, 0.0])}).tolist()
        [2.0, nan]
    """

    def __init__(self, text: str) -> None:
        if len(text) > _LONGEST:
            raise ValueError(f"a formula has at most {_LONGEST} characters")
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except SyntaxError as error:
            raise ValueError(f"'{text}' is no formula of {_ALLOWED}: {error.msg}") from None
        for node in ast.walk(tree.body):
            if not _known(node):
                raise ValueError(
                    f"'{ast.unparse(node) or type(node).__name__}' cannot stand in a formula: write {_ALLOWED}"
                )
        self.text = text.strip()
        self._tree = tree.body
        named = [node for node in ast.walk(tree.body) if isinstance(node, ast.Name)]
        named.sort(key=lambda node: (node.lineno, node.col_offset))
        self.names = tuple(dict.fromkeys(node.id for node in named))
        """In the order in which they appear."""
        if not self.names:
            raise ValueError(f"'{text}' names nothing that is measured")

    def __call__(self, values: Mapping[str, Values]) -> Values:
        """Compute the formula.

        Args:
            values: An array for each name, all of one shape; NaN where missing.

        Returns:
            An array of that shape; NaN where a part is missing or a divisor is 0.
        """
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            found = np.asarray(_compute(self._tree, values), dtype=np.float64)
        return np.where(np.isfinite(found), found, np.nan)


def _known(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float) and not isinstance(node.value, bool)
    if isinstance(node, ast.BinOp):
        return type(node.op) in _OPERATIONS
    if isinstance(node, ast.UnaryOp):
        return type(node.op) in _SIGNS
    return isinstance(node, ast.Name | ast.Load) or type(node) in {*_OPERATIONS, *_SIGNS}


def _compute(node: Any, values: Mapping[str, Values]) -> Values:
    if isinstance(node, ast.Constant):
        return np.asarray(node.value, dtype=np.float64)
    if isinstance(node, ast.Name):
        return np.asarray(values[node.id], dtype=np.float64)
    if isinstance(node, ast.UnaryOp):
        return _SIGNS[type(node.op)](_compute(node.operand, values))
    return _OPERATIONS[type(node.op)](_compute(node.left, values), _compute(node.right, values))
