"""Starts a night: writes the expected set, then sends one fetch message a merchant."""
