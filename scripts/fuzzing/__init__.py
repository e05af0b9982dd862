"""What `fuzz_importers.py` is made of."""
