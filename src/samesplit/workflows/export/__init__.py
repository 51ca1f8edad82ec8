"""A benchmark and one of its runs as a package for others: a folder or zip fit for Zenodo, without images.

The package is a workspace: whoever has the images runs it again and compares. `export.py` puts it together;
`benchmark_files.py`, `declaration_files.py` and `run_files.py` fill it, `personal.py` looks for what would name a
patient, `traces.py` for what tells of the machine, `croissant.py` and `ro_crate.py` describe it for machines,
`readme.py` for people.
"""

from samesplit.workflows.export.export import Exported, ExportOptions, export_benchmark

__all__ = ["ExportOptions", "Exported", "export_benchmark"]
