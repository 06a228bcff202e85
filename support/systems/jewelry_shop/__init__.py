"""The jewelry shop: tills and stock, parts and addresses, database and cache, and what becomes of them in a failure."""
