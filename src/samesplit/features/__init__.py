"""Image and mask in, one row of features out."""
