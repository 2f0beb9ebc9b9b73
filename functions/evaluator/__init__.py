"""Judges a stored snapshot and writes audit, findings and alert in one transaction."""
