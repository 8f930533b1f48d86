"""What a single order says by itself, without any history."""
