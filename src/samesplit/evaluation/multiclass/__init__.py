"""The evaluation of tasks with three or more classes."""
