"""What came and went, and the scores of what stayed, by day: sums that courses read instead of events."""
