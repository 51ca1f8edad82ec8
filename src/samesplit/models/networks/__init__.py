"""Images in, one probability out: CNN baselines trained on the same lesions as everything else."""
