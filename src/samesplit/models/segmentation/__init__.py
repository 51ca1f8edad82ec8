"""Networks that find lesions in images and outline them."""
