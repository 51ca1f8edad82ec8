"""Encoders of published pretrained networks: images in, the feature map of the deepest stage out."""
