"""From an image and a mask to a region that features can be computed on, in the order that IBSI prescribes."""
