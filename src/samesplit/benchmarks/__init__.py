"""What is asked, and of whom: benchmark.yaml, cohort and outcomes, splits, readings, where files come from.

What is read from a benchmark's folder belongs here. Opening images, extracting features, fitting and evaluating
do not.
"""
