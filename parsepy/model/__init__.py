"""The data model: queries, values, schemas and permissions, without any input or output."""
