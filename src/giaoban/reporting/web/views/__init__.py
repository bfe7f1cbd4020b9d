"""The pages of reporting, one module for each kind of screen."""
