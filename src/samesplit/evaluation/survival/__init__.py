"""The evaluation of tasks that ask how long it takes until an event."""
