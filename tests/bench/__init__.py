"""`make bench`: what a stack does per second, and what it costs, against a floor in the same run."""
