"""From a pool to the sentences worth labelling: scoring, strategies, budgets."""
