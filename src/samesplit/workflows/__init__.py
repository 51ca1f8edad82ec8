"""One file for each thing that a user asks for: run, validate, split, compare, perturb, check, show.

A workflow puts the other rooms together and computes nothing itself.
"""
