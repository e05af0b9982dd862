"""The seeded generator of the sample corpus: a weighted grammar, names, and the writer that joins them."""
