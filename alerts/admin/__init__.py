"""Pages of alerts in the admin."""
