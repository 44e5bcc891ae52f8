"""What an issue is, and all that hangs on it."""
