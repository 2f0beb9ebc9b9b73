"""What holds true of Nightjar, told as stories."""
