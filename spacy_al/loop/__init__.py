"""The rounds of active learning: state, seeds, oracles, training through spaCy's config."""
