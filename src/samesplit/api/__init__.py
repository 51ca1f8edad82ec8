"""The Python API: a benchmark opened as a study, features of single images, results as tables.

What belongs here is only what a user calls from Python; `import samesplit as ss` offers it by name
(`ss.open_benchmark`, `ss.extract`, ...). The work itself is done by the rooms below: the same cohort, split,
features, evaluation and report that `samesplit run` and `samesplit compare` use.
"""
