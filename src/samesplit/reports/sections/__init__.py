"""The sections of the report: one a file, each a function from the run to a section, or None without data."""
