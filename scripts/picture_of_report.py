"""The picture of a report in README.md, with the numbers that it shows written into it.

python scripts/picture_of_report.py           takes it anew, from the latest run of the demo (needs chromium)
python scripts/picture_of_report.py --check   says which of its numbers that run does not have

A picture cannot be read by a test, so the AUC of every line of its verdict table, with its interval, stands in the
PNG itself.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "images" / "report.png"
RUNS = ROOT / "reports" / "demo-renal-mass"
SIZE_PX = (1280, 1400)
NETWORKS = ("resnet18-25d", "average")
"""Networks, and what averages them, differ in the last digits from processor to processor."""
NETWORKS_MAY_DIFFER_BY = 0.03

Numbers = dict[str, list[float]]
"""Of every line of the verdict table: its AUC and, where there is one, its interval."""


def latest_run(runs: Path = RUNS) -> Path | None:
    """The run of the demo that finished last, label permutations and runs of some models left out."""
    found = []
    for file in runs.glob("*/run.json"):
        run = json.loads(file.read_text(encoding="utf-8"))
        options = run.get("options", {})
        if (
            not options.get("shuffle_labels")
            and not options.get("models")
            and (file.parent / "report.json").exists()
        ):
            found.append((str(run.get("finished")), file.parent))
    return max(found)[1] if found else None


def numbers_of_run(run: Path) -> Numbers:
    """The AUC of every line of a run's verdict table and its interval, as they are shown."""
    report = json.loads((run / "report.json").read_text(encoding="utf-8"))
    (verdict,) = (section for section in report["sections"] if section["id"] == "verdict")
    table = next(block for block in verdict["blocks"] if block["kind"] == "table")
    cells = {row["key"]: row["cells"]["auc"] for row in table["rows"]}
    return {
        name: [round(cell[key], 3) for key in ("value", "low", "high") if cell[key] is not None]
        for name, cell in cells.items()
    }


def numbers_of_picture(picture: Path = PICTURE) -> Numbers:
    """The numbers written into the picture; empty for a picture that was not taken by this script."""
    with Image.open(picture) as image:
        return dict(json.loads(image.info.get("numbers", "{}")))


def stale(picture: Numbers, run: Numbers) -> list[str]:
    """In words, what the picture shows otherwise than the run.

    Example:
        >>> stale({"radiomics-small": [0.903]}, {"radiomics-small": [0.866]})
        ['radiomics-small: the picture shows 0.903, the run has 0.866']
    """
    found = [
        f"{name}: only in the {'picture' if name in picture else 'run'}"
        for name in picture.keys() ^ run.keys()
    ]
    for name in picture.keys() & run.keys():
        may_differ_by = NETWORKS_MAY_DIFFER_BY if name in NETWORKS else 1e-9
        shown, has = picture[name], run[name]
        if len(shown) != len(has) or any(abs(a - b) > may_differ_by for a, b in zip(shown, has, strict=True)):
            found.append(f"{name}: the picture shows {_words(shown)}, the run has {_words(has)}")
    return sorted(found)


def _words(numbers: list[float]) -> str:
    auc, *interval = (f"{number:.3f}" for number in numbers)
    return f"{auc} ({' to '.join(interval)})" if interval else auc


def take(run: Path, picture: Path = PICTURE) -> None:
    """Take the picture of a run's report with a browser that is installed here."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("there is no chromium: install it (apt-get install chromium) to take the picture")
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.png"
        command = [browser, "--headless", "--no-sandbox", "--hide-scrollbars", f"--screenshot={raw}"]
        command += [f"--window-size={SIZE_PX[0]},{SIZE_PX[1]}", (run / "report.html").resolve().as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        written = PngInfo()
        written.add_text("numbers", json.dumps(numbers_of_run(run)))
        with Image.open(raw) as image:
            image.convert("RGB").save(picture, optimize=True, pnginfo=written)


def main(arguments: list[str]) -> int:
    """Take the picture, or check it; 1 when it is stale."""
    run = latest_run()
    if run is None:
        raise SystemExit(f"there is no whole run in {RUNS}: run make demo first")
    if "--check" not in arguments:
        take(run)
        print(f"{PICTURE.relative_to(ROOT)}: taken from run {run.name}")
    differences = stale(numbers_of_picture(), numbers_of_run(run))
    if differences:
        print("The picture in README.md is stale (python scripts/picture_of_report.py takes it anew):")
        print(*(f"  {line}" for line in differences), sep="\n")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
