"""Doing many independent pieces of work: in processes of this machine or on a Dask cluster.

Knows nothing of images, features, models or benchmarks.
"""
