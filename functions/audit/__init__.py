"""The domain: what an audit is and how it is judged. Pure: no AWS, no HTTP, no clock, no environment."""
