"""Cases as another rater, another scan or another day might have given them, to see which features hold still."""
