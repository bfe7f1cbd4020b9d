"""Areas and units through time, regions, posts."""
