"""Doing many independent pieces of work: in this process, in others of this machine, or on a Dask cluster.

Crash isolation, kept results and codes of failures belong here. Nothing here knows images, features, models or
benchmarks: whoever has work to do brings it as functions of plain data.
"""
