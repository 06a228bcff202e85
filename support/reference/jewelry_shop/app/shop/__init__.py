"""jewelry-shop: point of sale for many jewellers on one installation."""
