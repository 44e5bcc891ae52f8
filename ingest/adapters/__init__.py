"""One module per protocol, found by its ADAPTER; pure from bytes to events."""
