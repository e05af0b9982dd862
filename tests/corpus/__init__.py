"""Tests of spacy_al/corpus."""
