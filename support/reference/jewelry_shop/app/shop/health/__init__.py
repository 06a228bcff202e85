"""Whether this instance can serve, and why not."""
