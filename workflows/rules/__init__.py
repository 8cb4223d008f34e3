"""The arithmetic of the field: money, days, codes, instalments, bands, hashes. Pure functions."""
