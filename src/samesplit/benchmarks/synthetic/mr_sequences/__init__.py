"""A cohort of small renal masses on five MR sequences of one kidney, from several centres and scanner vendors."""
