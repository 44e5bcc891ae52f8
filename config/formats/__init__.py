"""How moments and numbers are written on stock pages."""
