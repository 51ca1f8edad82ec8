"""From a processed region to numbers: one file per feature family of the IBSI reference manual."""
