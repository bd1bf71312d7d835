"""The declared trials, a room each; and the user's own, from a Python file."""
