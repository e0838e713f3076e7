"""GraphQL: a front door whose schema is made from the classes (protocol §31)."""
