"""Counts the code blocks of README and docs: how many are run, validated, only parsed or shown."""

from __future__ import annotations

from collections import Counter

from doc_blocks.blocks import SHELL, all_pages, blocks_of
from doc_blocks.only_parsed import ONLY_PARSED
from doc_blocks.shell import commands_of


def main() -> None:
    """Print the counts of blocks, and of commands of samesplit."""
    blocks, commands = Counter[str](), Counter[str]()
    pages = [page for page in all_pages() if blocks_of(page)]
    for page in pages:
        for block in blocks_of(page):
            if block.tag in SHELL:
                ours = [command for command in commands_of(block) if command.program == "samesplit"]
                run = [command for command in ours if command.text not in ONLY_PARSED.get(page, {})]
                commands.update({"run": len(run), "only parsed": len(ours) - len(run)})
                how = "run" if len(run) == len(ours) else "in part run"
                blocks[f"shell, {how if run else 'only parsed'}"] += 1
            else:
                what = {"python": "run", "text": "output or drawing"}.get(block.tag, "validated")
                blocks[f"{block.tag}, {what}"] += 1
    print(f"{sum(blocks.values())} blocks on {len(pages)} pages")
    for name, count in sorted(blocks.items()):
        print(f"  {count:4}  {name}")
    total, parsed = sum(commands.values()), commands["only parsed"]
    print(f"{total} commands of samesplit: {total - parsed} run, {parsed} only parsed")


if __name__ == "__main__":
    main()
