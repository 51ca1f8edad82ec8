"""Reading images and masks: DICOM, NIfTI and arrays, checked, on one grid, and drawn as thumbnails.

Knows no features: what is measured on an image is in `samesplit.features`.
"""
