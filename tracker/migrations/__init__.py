"""Migrations; SQL that Django can't say is in sql/."""
