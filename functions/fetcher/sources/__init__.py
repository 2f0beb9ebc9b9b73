"""One module a provider: what it is asked, and how its answers become parts of a snapshot."""
