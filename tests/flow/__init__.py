"""The whole pipeline: the synthesised template on the embedded AWS, from the schedule to the messages."""
