"""What all compiled functions have in common."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.resources import files

import pytest

ROOMS = ("families", "maps", "processing")


def modules() -> Iterator[tuple[str, ast.Module]]:
    for room in ROOMS:
        for path in files("samesplit.features").joinpath(room).iterdir():
            if path.name.endswith(".py"):
                yield f"{room}/{path.name}", ast.parse(path.read_text(encoding="utf-8"))


def kernels(module: ast.Module) -> Iterator[tuple[ast.FunctionDef, ast.Call]]:
    """The compiled functions of a module, each with its decorator."""
    for one in module.body:
        for decorator in one.decorator_list if isinstance(one, ast.FunctionDef) else ():
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) in ("njit", "numba.njit"):
                yield one, decorator


@pytest.mark.parametrize(("name", "module"), list(modules()))
def test_a_kernel_uses_only_what_stands_in_its_own_file(name: str, module: ast.Module) -> None:
    """numba keeps compiled code until that file changes: what it took in from another file would grow stale."""
    imported = {
        alias.asname or alias.name
        for one in module.body
        if isinstance(one, ast.ImportFrom) and (one.module or "").startswith("samesplit")
        for alias in one.names
    }
    for kernel, _ in kernels(module):
        used = {node.id for node in ast.walk(kernel) if isinstance(node, ast.Name)}
        assert not used & imported, f"{kernel.name} of {name}"


def test_all_kernels_are_kept_and_alike() -> None:
    """On one thread, never reordering sums: the same bits at every run; and released, so that threads can work."""
    found = [decorator for _, module in modules() for _, decorator in kernels(module)]
    assert len(found) > 40
    alike = {ast.unparse(one).removeprefix("numba.") for one in found}
    assert alike == {"njit(cache=True, nogil=True)", "njit(cache=True, nogil=True, inline='always')"}


@pytest.mark.parametrize(("name", "module"), list(modules()))
def test_a_kernel_is_given_its_room(name: str, module: ast.Module) -> None:
    """numba compiles each kind of allocation, and its messages, on their own: a third of all it had to do."""
    for kernel, _ in kernels(module):
        called = {ast.unparse(node.func) for node in ast.walk(kernel) if isinstance(node, ast.Call)}
        assert not called & {"np.empty", "np.zeros", "np.full", "np.ones"}, f"{kernel.name} of {name}"
