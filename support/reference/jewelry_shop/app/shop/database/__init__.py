"""Django's PostgreSQL backend with a client-side deadline, a known commit and connections that follow the leader."""
