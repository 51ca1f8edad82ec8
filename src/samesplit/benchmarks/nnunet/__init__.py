"""Exchange with nnU-Net v2: a benchmark as its dataset, its validation folders as predicted masks.

The format is that of nnU-Net v2 (Isensee 2021, doi 10.1038/s41592-020-01008-z; https://github.com/MIC-DKFZ/nnUNet).
"""

from __future__ import annotations

from samesplit.benchmarks.nnunet.cases import Case, cases_of_images, split_of_cases
from samesplit.benchmarks.nnunet.dataset import write_dataset
from samesplit.benchmarks.nnunet.results import read_results, readable_cases

__all__ = ["Case", "cases_of_images", "read_results", "readable_cases", "split_of_cases", "write_dataset"]
