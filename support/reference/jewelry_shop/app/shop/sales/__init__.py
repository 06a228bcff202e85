"""Tills, sales, receipts and what the till needs beside them."""
