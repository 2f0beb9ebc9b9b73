"""The report: what is said, what is drawn, and that nothing else is on the page."""
