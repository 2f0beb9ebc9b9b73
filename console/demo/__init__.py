"""`nightjar demo`: a whole night on an AWS of its own, from the synthesised template to the messages that went out."""
