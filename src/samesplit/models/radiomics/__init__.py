"""Radiomics as a model: extracted features, a grid of selectors and classifiers, inner cross-validation."""
