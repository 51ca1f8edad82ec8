"""Published studies: run on a cohort of the same design, with their variants, and compared with each other."""
