"""What is asked: the definition of a benchmark, its cohort, its splits and where its files come from."""
