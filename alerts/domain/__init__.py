"""Decisions of alerts: pure Python, no Django, clock or I/O."""
