"""Takes TikTok's word that an account was disconnected, and marks the connections that used it with the reason."""
