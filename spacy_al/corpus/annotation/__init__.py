"""What annotation tools write: one module a tool, both ways, and one way from their records to answers."""
