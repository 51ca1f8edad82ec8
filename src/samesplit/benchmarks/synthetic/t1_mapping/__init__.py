"""Small renal masses with T1 maps before and after contrast, and regions of interest of two observers."""
