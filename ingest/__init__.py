"""How events arrive: endpoints, inbox, adapters, digest."""
