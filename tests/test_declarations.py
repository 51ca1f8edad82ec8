from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from samesplit.declarations import Declaration, parse_declaration, read_declaration, read_yaml
from samesplit.errors import DeclarationError


class Tree(Declaration):
    kind: Literal["tree"]
    depth: int = 3


class Net(Declaration):
    kind: Literal["net"]
    layers: tuple[int, ...] = ()
    learning_rate: float = 0.1


AnyModel = Annotated[Tree | Net, Field(discriminator="kind")]


class Study(Declaration):
    name: str
    models: tuple[AnyModel, ...] = ()
    best: AnyModel | None = None
    by_name: dict[str, Net] = Field(default_factory=dict)
    other: int = Field(default=1, alias="other-one")


def refused(tmp_path: Path, text: str, kind: object = Study) -> str:
    path = tmp_path / "f.yaml"
    path.write_text(text)
    with pytest.raises(DeclarationError) as caught:
        read_declaration(path, kind)
    return str(caught.value).replace(str(path), "f.yaml")


def test_a_good_file_is_read_and_given_values_win(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(
        "name: a\nmodels:\n  - {kind: tree, depth: 2}\n  - kind: net\nbest: {kind: net, layers: [1]}\n"
    )
    study = read_declaration(path, Study, name="b")
    assert study.name == "b"
    assert study.models == (Tree(kind="tree", depth=2), Net(kind="net"))
    assert study.best.layers == (1,)


def test_declarations_do_not_change(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        parse_declaration({"name": "a"}, Study, path=tmp_path).name = "b"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nme: a\n", "f.yaml, line 1: unknown key 'nme'\nRemedy: did you mean 'name'? Valid keys here: best, "
                     "by_name, models, name, other-one"),
        ("name: a\n\nzzzzzz: 1\n", "f.yaml, line 3: unknown key 'zzzzzz'\nRemedy: remove it. Valid keys here: "
                                   "best, by_name, models, name, other-one"),
        ("name: a\nmodels:\n- kind: tree\n- kind: net\n  learningrate: 1\n",
         "f.yaml, line 5: unknown key 'models.1.learningrate'\nRemedy: did you mean 'learning_rate'? Valid keys "
         "here: kind, layers, learning_rate"),
        ("name: a\nbest:\n  kind: tree\n  dept: 1\n",
         "f.yaml, line 4: unknown key 'best.dept'\nRemedy: did you mean 'depth'? Valid keys here: depth, kind"),
        ("name: a\nby_name:\n  x:\n    kind: net\n    layer: [1]\n",
         "f.yaml, line 5: unknown key 'by_name.x.layer'\nRemedy: did you mean 'layers'? Valid keys here: kind, "
         "layers, learning_rate"),
        ("name: a\nbest:\n  kind: nett\n", "f.yaml, line 3: unknown kind 'nett'\nRemedy: did you mean 'net'? "
                                           "Valid here: net, tree"),
        ("name: a\nbest:\n  depth: 3\n", "f.yaml, line 2: the key 'best.kind' is missing\nRemedy: add 'kind"),
        ("models: []\n", "f.yaml: the key 'name' is missing\nRemedy: add 'name: ...'"),
        ("name: a\nmodels:\n- kind: tree\n  depth: deep\n",
         "f.yaml, line 4: 'models.0.depth': Input should be a valid integer, unable to parse string as an integer "
         "(given: 'deep')"),
        ("name: yes\n", "f.yaml, line 1: 'name': Input should be a valid string (given: True)\n"
                        "Remedy: put it in quotes; YAML takes it for something else than text"),
        ("name: 2020-01-01\n", "f.yaml, line 1: 'name': Input should be a valid string (given: "
                               "datetime.date(2020, 1, 1))\nRemedy: put it in quotes; YAML"),
        ("name: [a]\n", "f.yaml, line 1: 'name': Input should be a valid string"),
        ("name: a\n\tx: 1\n", "f.yaml, line 2: a tab stands where YAML wants spaces\nRemedy: replace the tab"),
        ("name: a\nmodels:\n\t- kind: tree\n", "f.yaml, line 3: a tab stands where YAML wants spaces\nRemedy: "
                                                "replace the tab"),
        ("name: a\nbest: {kind: net\n", "f.yaml, line 3: is not YAML: expected ',' or '}'"),
        ("name: a\nname: b\n", "f.yaml, lines 1 and 2: the key 'name' stands twice\nRemedy: keep one of them"),
        ("name: a\nbest:\n  kind: tree\n  kind: net\n", "f.yaml, lines 3 and 4: the key 'kind' stands twice"),
        ("", "f.yaml: holds no keys\nRemedy: write 'key: value' lines"),
        ("- a\n", "f.yaml: holds no keys"),
        ("a: \x00\n", "f.yaml: is not YAML: "),
        ("name: !!python/object:os.system a\n", "f.yaml, line 1: is not YAML: could not determine a constructor"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_key_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    told = refused(tmp_path, text)
    assert told.startswith(message), told


def test_a_union_at_the_top_is_understood(tmp_path: Path) -> None:
    assert refused(tmp_path, "kind: net\nlayrs: [1]\n", AnyModel) == (
        "f.yaml, line 2: unknown key 'layrs'\nRemedy: did you mean 'layers'? Valid keys here: kind, layers, "
        "learning_rate"
    )
    assert refused(tmp_path, "depth: 2\n", AnyModel).startswith("f.yaml: the key 'kind' is missing")
    assert refused(tmp_path, "kind: 7\n", AnyModel) == (
        "f.yaml, line 1: unknown kind '7'\nRemedy: Valid here: net, tree"
    )


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"gone.yaml: does not exist\nRemedy: check the name"):
        read_yaml(tmp_path / "gone.yaml")
    with pytest.raises(DeclarationError, match="cannot be read"):
        read_yaml(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"name: s\xf8n\n")
    with pytest.raises(DeclarationError, match=r"cannot be read .*utf-8"):
        read_yaml(tmp_path / "latin.yaml")


def test_lines_are_those_of_keys_and_items(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text("a:\n  - x\n  - b: 1\n")
    assert read_yaml(tmp_path / "f.yaml")[1] == {("a",): 1, ("a", 0): 2, ("a", 1): 3, ("a", 1, "b"): 3}


def bomb(levels: int) -> str:
    """Aliases of aliases: nine times as many values with each level."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (bomb(9), r"line 5: holds more than 20,000 values, its aliases written out"),
        (bomb(9).replace("a8: &a8 [", "a8:\n  <<: ["), r"holds more than 20,000 values"),
        ("[" * 20_000, r"line 1: is nested more than 50 levels deep"),
        ("a: " + "[" * 20_000 + "]" * 20_000, r"line 1: is nested more than 50 levels deep"),
        ("{a: " * 20_000, r"line 1: is nested more than 50 levels deep"),
        ("- " * 20_000, r"line 1: is nested more than 50 levels deep"),
        (
            "\n".join([f"a{n}: &a{n} [{f'*a{n - 1}' if n else 'x'}]" for n in range(500)]),
            r"line 50: is nested",
        ),
        ("a: &a [*a]", r"line 1: '\*a' contains itself"),
        ("a: &a {b: [*a]}", r"line 1: '\*a' contains itself"),
        ("- x\n" * 60_000, r"line 20000: holds more than 20,000 values"),
        ("a: " + "x" * 1_000_001, r"is larger than 1,000 kB"),
        ("a: 2020-02-30", r"holds a date or number that cannot be \(day"),
        ("a: " + "9" * 5_000, r"holds a date or number that cannot be \(Exceeds the limit"),
    ],
    ids=range(13),
)
def test_files_that_would_use_up_the_memory_or_the_stack_are_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(DeclarationError, match=message):
        read_yaml(path)


def test_aliases_in_reason_are_written_out(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a: &a {b: [1, 2]}\nc: [*a, *a]\n")
    assert read_yaml(path)[0] == {"a": {"b": [1, 2]}, "c": [{"b": [1, 2]}] * 2}
