"""Texts for people: which language, which file, and what is filled into it."""
