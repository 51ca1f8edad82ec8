"""Networks that take the views of a lesion and give logits; each kind has a file."""
