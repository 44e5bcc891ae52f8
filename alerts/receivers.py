"""The one listener to tracker: committed activity wakes the evaluator."""
