"""Asks one merchant's sources and stores what was seen."""
