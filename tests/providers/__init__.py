"""Third parties' sign-in: providers as their documentation has them, and what is asked of ours."""
