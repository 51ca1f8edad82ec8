"""A tool in a process of its own, one thread, that answers one order at a time."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
        "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)  # fmt: skip


class ToolGoneError(Exception):
    """The tool cannot be used, died or took too long."""


class ToolProcess:
    """Starts the worker of a tool.

    Args:
        tool: The tool's file.
        environment: Added to the environment.
        log: Where the tool's own output goes.
        timeout_s: The longest that importing or one order may take.
    """

    def __init__(
        self, tool: Path, *, environment: dict[str, str] | None = None, log: Path, timeout_s: float
    ) -> None:
        self.tool, self.timeout_s = tool, timeout_s
        self._log = log.open("a")
        self._process = subprocess.Popen(
            [str(interpreter_of(tool)), str(HERE / "worker.py"), str(tool)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=os.environ | ONE_THREAD | (environment or {}),
            text=True,
        )
        self.hello = self._answer()

    def ask(self, task: str, case: dict[str, str], *arguments: Any) -> dict[str, Any]:
        """Have one order done.

        Raises:
            ToolGoneError: It failed, died or took too long.
        """
        assert self._process.stdin is not None
        self.send(task, case, *arguments)
        return self._answer()

    def send(self, task: str, case: dict[str, str], *arguments: Any) -> None:
        """Give an order without waiting for its end."""
        assert self._process.stdin is not None
        try:
            order = {"task": task, "case": case, "arguments": arguments}
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise ToolGoneError("the process is gone") from error

    def wait(self) -> dict[str, Any]:
        """The answer to the order that was sent."""
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], self.timeout_s)
        if not ready:
            self.stop()
            raise ToolGoneError(f"no answer within {self.timeout_s:g} s")
        line = self._process.stdout.readline()
        if not line:
            self.stop()
            raise ToolGoneError(f"the process ended with {self._process.returncode}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ToolGoneError(answer["error"])
        return answer

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._log.close()


def interpreter_of(tool: Path) -> Path:
    """The Python that a tool asks for with a line `INTERPRETER = "3.12"`, else this one.

    Raises:
        ToolGoneError: Its environment has not been made.
    """
    for line in tool.read_text().splitlines():
        if line.startswith("INTERPRETER = "):
            wanted = line.split('"')[1]
            made = HERE.parents[1] / f".venv-bench-{wanted}" / "bin" / "python"
            if not made.exists():
                missing = (
                    "" if shutil.which(f"python{wanted}") else f", because there is no python{wanted} here"
                )
                raise ToolGoneError(f"its environment {made.parents[1].name} was not made{missing}")
            return made
    return Path(sys.executable)
