"""What a library says while a file is read, gathered for the thread that caused it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["GatheredTexts"]


class GatheredTexts:
    """Gathers texts by thread, from a library that has one place for all threads to say them.

    Args:
        install: Puts a listener there, which hands each text to `add`; called when the first thread begins.
        remove: Puts back what was there; called when the last thread has ended.

    Example:
        >>> texts = GatheredTexts(lambda: None, lambda: None)
        >>> with texts.gathered() as told:
        ...     _ = texts.add("spacing is missing")
        >>> told, texts.add("nobody gathers")
        (['spacing is missing'], False)
    """

    def __init__(self, install: Callable[[], None], remove: Callable[[], None]) -> None:
        self._install, self._remove = install, remove
        self._lock = threading.RLock()
        self._lists: dict[int, list[list[str]]] = {}  # by thread; the innermost last

    def add(self, text: str) -> bool:
        """Keep a text for the thread that says it; False where that thread gathers none."""
        lists = self._lists.get(threading.get_ident())
        if lists:
            lists[-1].append(text)
        return bool(lists)

    @contextmanager
    def gathered(self) -> Iterator[list[str]]:
        """Gather what this thread causes meanwhile.

        Yields:
            A list that fills with the texts.
        """
        me, told = threading.get_ident(), list[str]()
        with self._lock:
            if not self._lists:
                self._install()
            self._lists.setdefault(me, []).append(told)
        try:
            yield told
        finally:
            with self._lock:
                self._lists[me].pop()
                if not self._lists[me]:
                    del self._lists[me]
                if not self._lists:
                    self._remove()
