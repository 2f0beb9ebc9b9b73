"""Publishes alerts and records that it did."""
