"""How readers are named in tables of results, beside models: written and read in this one place.

A reader under a condition is `reader:<id>/<condition>`, the mean of the readers `readers:mean/<condition>`.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ReaderName", "is_reader_name", "mean_name", "parse_reader_name", "reader_name"]

_ONE = "reader:"
_MEAN = "readers:mean/"


@dataclass(frozen=True)
class ReaderName:
    """Who a name of the results stands for.

    Attributes:
        reader: The reader's id; empty for the mean of all readers.
        condition: How they read, for example `unaided`; the column `modality` of readings.csv.
    """

    reader: str
    condition: str

    def __str__(self) -> str:
        return reader_name(self.reader, self.condition) if self.reader else mean_name(self.condition)


def reader_name(reader_id: str, condition: str) -> str:
    """Return the name of a reader in the results.

    Example:
        >>> reader_name("R1", "unaided")
        'reader:R1/unaided'
    """
    return f"{_ONE}{reader_id}/{condition}"


def mean_name(condition: str) -> str:
    """Return the name of the readers' mean in the results.

    Example:
        >>> mean_name("unaided")
        'readers:mean/unaided'
    """
    return f"{_MEAN}{condition}"


def parse_reader_name(name: str) -> ReaderName | None:
    """Read a name of the results; None for a model.

    A reader's id may hold a slash, a condition may not.

    Example:
        >>> parse_reader_name("reader:clinic 1/R1/aided")
        ReaderName(reader='clinic 1/R1', condition='aided')
        >>> parse_reader_name("readers:mean/aided")
        ReaderName(reader='', condition='aided')
        >>> parse_reader_name("resnet18-25d") is None
        True
    """
    if name.startswith(_MEAN):
        return ReaderName("", name.removeprefix(_MEAN))
    if name.startswith(_ONE):
        reader, _, condition = name.removeprefix(_ONE).rpartition("/")
        return ReaderName(reader, condition)
    return None


def is_reader_name(name: str) -> bool:
    """Tell whether a name of the results stands for a reader or the mean of readers.

    Example:
        >>> is_reader_name("reader:R1/aided"), is_reader_name("ridge")
        (True, False)
    """
    return parse_reader_name(name) is not None
