"""Parts of the benchmark of file transfers."""
