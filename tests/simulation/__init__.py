"""A night of thousands of merchants in virtual time: the real fetcher against a TikTok that counts."""
