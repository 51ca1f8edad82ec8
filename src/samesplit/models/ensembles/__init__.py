"""Models made of other models: means, combinations that are fitted, and probabilities that are calibrated."""
