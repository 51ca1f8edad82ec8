"""Models of clinical variables: logistic regression and its inference, screening, nomogram, RENAL score."""
