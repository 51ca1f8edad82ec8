"""Writes docs/performance-networks.md: `python scripts/bench/networks/page.py reports/bench`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

TARGET = 1.1


def page(r: dict[str, Any]) -> str:
    """The page as Markdown."""
    ratios = {row["model"]: row["step_own_s"] / row["bare_step_own_s"] for row in r["models"]}
    within = [name for name, ratio in ratios.items() if ratio <= TARGET]
    loaded = {row["model"]: row["step_all_s"] / row["bare_step_own_s"] for row in r["models"]}
    also = [name for name, ratio in loaded.items() if ratio <= TARGET]
    slower = [f"`{name}` {ratio:.2f} x" for name, ratio in ratios.items() if ratio > TARGET]
    above = f" Above it: {', '.join(slower)}." if slower else ""
    rows = [
        f"| `{row['model']}` | {row['input']} | {row['batch']} | {row['parameters'] / 1e6:.2f} | "
        f"{1000 * row['step_own_s']:.0f} | {1000 * row['bare_step_own_s']:.0f} | {ratios[row['model']]:.2f} | "
        f"{loaded[row['model']]:.2f} | {1000 * (row['step_all_s'] - row['step_own_s']):.0f} | "
        f"{100 * row['waiting']:.0f} % | "
        f"{1000 * row['lesion_own_s']:.1f} | {1000 * row['bare_lesion_own_s']:.1f} |"
        for row in r["models"]
    ]
    embeddings = [
        f"| `{row['profile']}` | {row['size']} | {1000 * row['embedding_own_s']:.0f} | "
        f"{1 / row['embedding_own_s']:.1f} |"
        for row in r["embeddings"]
    ]
    return "\n".join(
        [
            "# Speed of the networks",
            "",
            f"{len(within)} of {len(ratios)} model files take at most {TARGET} times the computing of a "
            f"bare PyTorch "
            f"loop for a step.{above} Making the next batch, which is done meanwhile in another thread, costs "
            f"computing too: with it {len(also)} of {len(ratios)} are within {TARGET} times. It takes no time of "
            "its own where a core is free for it and the step is longer; where every core has a fold of its own, "
            "the ratio with it is what a run sees.",
            "",
            "Written by `make bench` (`make bench-networks` for this part alone). The bare loop is a "
            "forward pass, the "
            "loss, a backward pass and AdamW on the same tensors, which lie ready in memory, by turns with "
            "ours in the "
            "same process. Ours is what a fold does: Lightning, the moving average of the weights, the "
            "check of "
            "the losses, and batches that are read from their files and augmented while the network works "
            "on the one "
            "before. Medians over the steps.",
            "",
            f"{r['processor']}, {r['cores']} cores, torch {r['torch']} with one thread, Python {r['python']}; "
            f"{r['date']}. Mean load of the machine at the end: {r['load']:.1f}. Milliseconds are of computing "
            "(the time that a thread had a core), which other work on the machine hardly changes; the share "
            "of waiting "
            f"is by the clock, and with more work than cores (a load above {r['cores']}) it is too high.",
            "",
            "| model file | input | batch | parameters, millions | step, ms | bare step, ms | ratio | ratio "
            "with the batches made | next batch in its "
            "own thread, ms | waiting for data | a lesion at inference, ms | bare, ms |",
            "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
            *rows,
            "",
            "Where making the next batch takes longer than the step, or every core is busy with another "
            "fold, the "
            "training waits for it: small 3D networks cost about as much as the augmentation of their "
            "cubes. At "
            "inference a lesion is read from its file, which the bare loop does not do.",
            "",
            "Not in a step: before each validation the statistics of batch normalisation are taken from the "
            "training "
            "part, one forward pass for each of at most 16 batches.",
            "",
            "## Embeddings of frozen encoders",
            "",
            "One lesion of 40 mm at a time: its box cut, resampled and scaled, then the encoder, with "
            "random weights "
            "in place of the published ones (the time is the same).",
            "",
            "| profile | side, pixels or voxels | a lesion, ms | lesions a second |",
            "| --- | ---: | ---: | ---: |",
            *embeddings,
            "",
        ]
    )


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    given = parser.parse_args()
    record = json.loads((given.folder / "networks.json").read_text(encoding="utf-8"))
    given.docs.mkdir(parents=True, exist_ok=True)
    (given.docs / "performance-networks.md").write_text(page(record), encoding="utf-8")


if __name__ == "__main__":
    main()
