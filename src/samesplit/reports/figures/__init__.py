"""The figures of the report: one a file, each a function from numbers to an inline SVG."""
