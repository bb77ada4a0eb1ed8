"""Facts that code publishes for other code; what people are told is in notify/."""
