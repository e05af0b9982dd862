"""Corpora in files to spaCy DocBins, and back into readers the loop trains from."""
