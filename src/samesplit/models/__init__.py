"""One row or one image in, one probability out: everything that can be judged."""
