"""Quarantine pages."""
