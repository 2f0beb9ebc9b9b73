"""Writes the report of a merchant's night into the stage's private bucket."""
