"""Tags and filters of the admin pages."""
