"""Turns decoded Sentry events of any age and shape into the one `Event`."""
