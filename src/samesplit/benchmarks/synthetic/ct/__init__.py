"""A cohort of abdominal CT in three phases with both kidneys and their masses."""
