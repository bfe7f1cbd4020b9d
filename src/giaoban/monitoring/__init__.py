"""Watch rules and findings: weak spots and good models."""
