"""Effects averaged over the people of a trial."""
