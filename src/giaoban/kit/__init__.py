"""Django without any domain: actors, acts, registries, frame, components."""
