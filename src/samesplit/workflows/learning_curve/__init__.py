"""`samesplit learning-curve`: the AUC of models against the number of training lesions, in the frozen split."""
