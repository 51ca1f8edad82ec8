"""DICOM series as images; RTSTRUCT contours and DICOM SEG segments as masks."""
