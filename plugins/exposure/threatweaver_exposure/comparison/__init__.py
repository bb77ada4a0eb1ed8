"""Asset groups or tags side by side."""
