"""Built once per container: settings from the environment, AWS clients, logger and metrics."""
