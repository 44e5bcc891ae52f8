"""Clones of configured repositories: fetched by the io worker, read by it and by pages."""
