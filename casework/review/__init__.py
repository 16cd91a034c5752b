"""Review: from the first survey to the list that may be issued."""
