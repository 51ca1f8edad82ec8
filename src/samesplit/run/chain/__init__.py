"""The chain: localise, segment, classify, the classifiers being given the masks that were predicted."""
