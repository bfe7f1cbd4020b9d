"""From what selectors know to what templates draw: no query, no decision."""
