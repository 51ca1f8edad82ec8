"""Planning a study: how many readers, cases, patients and events it takes."""
