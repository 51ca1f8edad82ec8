"""Weights of pretrained networks, read from a path that the user gives, in the layouts of their publishers."""
