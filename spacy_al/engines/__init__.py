"""Where plain functions of files run: in this process, or on a Ray cluster."""
