"""`/api/0/`: what sentry-cli and the bundlers' plugins ask for, in their words."""
