"""Triage pages, a file a page."""
