"""Filters that turn an image into response maps, as the IBSI's standard 2 defines them."""
