"""What every room runs on."""
