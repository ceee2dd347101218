"""What is asked: one file a risk, its data beside it."""
