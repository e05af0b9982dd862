"""A project of one's own: what `al init` writes, and encoders that it can fetch."""
