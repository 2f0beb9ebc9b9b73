"""Closes a night: coverage, the merchants that nobody audited, alerts that never left."""
