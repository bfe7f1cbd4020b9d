"""Forms as spreadsheets: made by us, filled in an office, read back without trusting a byte of them."""
