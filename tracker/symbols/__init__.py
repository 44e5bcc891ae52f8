"""Source maps and debug files: taken in, found again, and put to use before grouping."""
