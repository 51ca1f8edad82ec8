"""TabICL: a pretrained transformer that reads the training lesions as context."""
