"""Accepted figures of closed periods as Parquet files: how they are laid out, written, described, read and verified."""
