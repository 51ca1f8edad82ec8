from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sklearn.metrics import roc_auc_score

from samesplit.models.registry import KINDS, read_model, settings_class
from samesplit.models.settings import ModelSettings

README = (Path(__file__).parents[2] / "models" / "README.md").read_text(encoding="utf-8")


def test_the_model_of_the_readme_works_as_written(make_fold: Any, tmp_path: Path) -> None:
    for block, name in re.findall(r"```\w+\n(# models/(\S+)\n.*?)```", README, re.DOTALL):
        (tmp_path / name).write_text(block, encoding="utf-8")
    fold, cases, truth = make_fold(effect=1.5)
    model = read_model(tmp_path / "top-ten.yaml").build()
    model.fit(fold)
    assert roc_auc_score(truth, model.predict(cases)["probability"]) > 0.8


def test_the_readmes_table_names_every_kind_and_only_keys_that_exist() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|[^|]*\|([^|]*)\|$", README, re.MULTILINE)
    assert {kind for kind, _ in rows} == set(KINDS)
    for kind, keys in rows:
        if kind in ("network", "torch-module"):
            continue
        own = set(settings_class(kind).model_fields) - set(ModelSettings.model_fields) - {"kind"}
        assert set(re.findall(r"`([A-Za-z_]+)`", keys)) == own
