"""The data language: pure, synchronous, no I/O."""
