"""The benchmarks: what Legwork promises in figures, measured beside a baseline in the same run."""
