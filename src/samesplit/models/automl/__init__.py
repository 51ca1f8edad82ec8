"""Automated machine learning as a model: TPOT's evolution of pipelines, judged by the same inner folds."""
