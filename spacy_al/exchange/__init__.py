"""Chosen sentences out to annotation tools and their answers back."""
