"""A board of all submissions to a frozen split: reading, checking, making, judging and ranking them.

`header` and `submissions` read one file, `frozen` what it must fit, `making` writes one; `judging` and `kept`
evaluate an entry once, `board` puts all of them together.
"""
