"""Notes: a stock resource, an action, a job, and what follows an event."""
