"""The rooms beside their doors: what each does, and in which order."""
