"""The paper's numbers, tables and claims: a plugin that adds its sections to a report."""
