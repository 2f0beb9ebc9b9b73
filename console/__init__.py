"""What a person runs: the `nightjar` command, the embedded AWS, the sample fleet, the report. Never deployed."""
