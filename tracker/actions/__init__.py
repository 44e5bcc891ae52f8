"""Verbs: every change of the tracker's tables, a file per noun."""
