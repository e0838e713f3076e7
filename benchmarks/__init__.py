"""The benchmark that `make bench` runs: parsepy beside Parse Server, on one machine in one run."""
