"""Real events and their poison twins through the real wiring."""
