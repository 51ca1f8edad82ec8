"""One file or folder for each thing that a user asks for: run, validate, split, compare, learning curve, ...

A workflow puts the other rooms together and computes nothing itself.
"""
