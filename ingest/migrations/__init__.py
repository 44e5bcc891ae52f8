"""Migrations of the inbox."""
