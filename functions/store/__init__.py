"""The tables: one module each, and the only place that knows attribute names."""
