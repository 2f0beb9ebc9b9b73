"""The benchmarks, run by ``python -m tests.bench``: each a ratio of two things measured in the same run."""
