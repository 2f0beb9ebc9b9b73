"""Opens a report to whoever holds its link: no account, no password, for as long as the report is kept."""
