"""`make demo`: a small shop that fails in a dozen ways and tells a running Emberwatch."""
