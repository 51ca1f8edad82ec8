"""Several engines on the same lesions: how far their values agree."""
