"""Work in the background: valuations, receipts, the gold price."""
