"""Models of the time until an event."""
