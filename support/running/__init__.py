"""How runs are selected, guarded and kept readable: tags, lint, the vocabulary of the steps."""
