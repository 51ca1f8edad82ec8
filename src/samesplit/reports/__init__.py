"""Numbers in, one page out."""
