"""Where pretrained weights come from: of profiles and of models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from samesplit.errors import ModelError
from samesplit.models.networks.settings import NetworkSettings
from samesplit.pretrained.encoders.resnet import ResNetEncoder
from samesplit.reports.context import Context, make_context, make_contexts
from samesplit.reports.document import Facts, Table
from samesplit.reports.run_folder import read_tasks
from samesplit.reports.sections.provenance import provenance
from samesplit.storage import hash_file


@pytest.fixture
def context(small_run: Path) -> Context:
    (found,) = make_contexts(read_tasks(small_run))
    return found


def test_the_weights_that_a_network_starts_from_stand_beside_those_of_encoders(
    context: Context, tmp_path: Path
) -> None:
    file = tmp_path / "resnet18.pth"
    file.write_bytes(b"weights")
    given = {"name": "net", "title": "Net", "weights": str(file), "source": "doi:10.1", "licence": "MIT"}
    told = NetworkSettings.model_validate(given).provenance()
    models = [{**item, "weights": told} for item in context.data.run["models"][:1]]
    section = provenance([make_context(replace(context.data, run={**context.data.run, "models": models}))])
    (table,) = (one for one in section.blocks if isinstance(one, Table) and one.id == "encoders-table")
    (row,) = table.rows
    shown = {key: cell.text for key, cell in row.cells.items()}
    assert shown == {"name": models[0]["name"], **told}
    assert told["sha256"] == hash_file(file)


def test_another_file_of_starting_weights_than_the_declared_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "resnet10.pth"
    torch.save(ResNetEncoder("resnet10", width=0.125, dimensions=2).body.state_dict(), file)
    given = {"name": "net", "title": "Net", "network": "resnet10", "width": 0.125, "weights": str(file)}
    NetworkSettings.model_validate({**given, "sha256": hash_file(file)}).check_ready()
    with pytest.raises(ModelError, match="have the SHA-256"):
        NetworkSettings.model_validate({**given, "sha256": "0" * 64}).check_ready()
    with pytest.raises(ModelError, match="of another network"):
        NetworkSettings.model_validate({**given, "network": "resnet18"}).check_ready()
    with pytest.raises(ValueError, match="there are none"):
        NetworkSettings.model_validate({"name": "net", "title": "Net", "licence": "MIT"})


@pytest.mark.parametrize(("changed", "words"), [(True, "not committed"), (False, "nothing changed since")])
def test_the_state_of_the_workspace_is_told(context: Context, changed: bool, words: str) -> None:
    run = {**context.data.run, "git": {"commit": "abc", "changed": changed}}
    section = provenance([replace(context, data=replace(context.data, run=run))])
    (facts,) = (block for block in section.blocks[:1] if isinstance(block, Facts))
    told = {fact.name: fact.text for fact in facts.facts}
    assert told["Version control"].startswith("workspace at commit abc, ")
    assert told["Version control"].endswith(words)
    assert "samesplit 0.1.0, the versions below, the images" in told["To make it again"]
    plain = provenance([context]).blocks[0]
    assert isinstance(plain, Facts)
    assert "Version control" not in {fact.name for fact in plain.facts}
