"""Time to an event: Cox, frailty, Kaplan-Meier, restricted mean."""
