"""A lamp shop: pages, a payment provider that is slow, and jobs. Knows nothing of Emberwatch."""
