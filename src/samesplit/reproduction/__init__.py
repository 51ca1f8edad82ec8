"""Every printed number of a study that follows from other printed numbers, computed anew and compared."""
