"""The code blocks of README and docs: found, run, and held against the output that the pages print.

`blocks` finds them, `pages` runs a page from top to bottom in a scratch workspace that `workspace` makes, `shell`
reads lines of commands, `declarations` reads YAML, CSV, JSON and TOML as what they are, and `only_parsed` lists
the commands that are read to the last option and not run, with the reason. `PYTHONPATH=tests python -m doc_blocks`
counts them.
"""
