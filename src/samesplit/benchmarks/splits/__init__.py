"""Splits: who is trained on, validated on and tested on, decided once and frozen in a file."""

from samesplit.benchmarks.splits.balance import balance
from samesplit.benchmarks.splits.fixed import read_fixed
from samesplit.benchmarks.splits.frozen import read_split, write_split
from samesplit.benchmarks.splits.nnunet import read_nnunet, write_nnunet
from samesplit.benchmarks.splits.schemes import make_split
from samesplit.benchmarks.splits.shift import shift
from samesplit.benchmarks.splits.split import Split
from samesplit.benchmarks.splits.subsets import nested_subsets

__all__ = [
    "Split",
    "balance",
    "make_split",
    "nested_subsets",
    "read_fixed",
    "read_nnunet",
    "read_split",
    "shift",
    "write_nnunet",
    "write_split",
]
