"""Models: what can be fitted on a training part and predicts lesions, read from `models/*.yaml` by its `kind`.

A model gets training and validation lesions with labels, test lesions without. Splitting, running folds and
judging predictions do not belong here; each family of models has a folder of its own.
"""
