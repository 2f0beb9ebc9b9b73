"""The tables hold what the store promises."""
