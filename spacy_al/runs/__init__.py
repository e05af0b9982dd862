"""The run folder: one owner of every file in it, its state, answers and lock."""
