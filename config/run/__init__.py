"""Running the product on one machine: supervisor, embedded servers, `manage.py up`."""
