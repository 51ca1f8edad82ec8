"""Rules and findings that need no knowledge of the paper: any `published.csv` can use them."""
