"""The torch and thinc parts of taggers: encoders, heads, dropout, features and the shim that trains them."""
