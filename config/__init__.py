"""Wiring: settings, addresses, queues, servers. Imports the apps and is imported by none."""
