"""A large cohort of small CT crops, one mass each, for learning curves."""
