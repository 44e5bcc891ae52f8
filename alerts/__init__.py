"""Who hears about it: rules, incidents, deliveries, transports."""
