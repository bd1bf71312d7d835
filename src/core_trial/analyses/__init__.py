"""Room 3: the plan. Which question, in whom, by which model."""
