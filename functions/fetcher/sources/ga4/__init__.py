"""Google Analytics 4 as a provider of traffic and commerce (Data API v1beta; facts: APIS 5)."""
