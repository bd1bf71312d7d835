"""The declared trials, a room each."""
