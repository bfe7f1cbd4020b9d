"""Tasks given to units, followed to their end."""
