"""The shop's rules: one module per concern; `main` brings them all in."""
