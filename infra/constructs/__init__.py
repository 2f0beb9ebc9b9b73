"""What the stacks are made of. A construct decides for all of its kind; the stacks only wire."""
