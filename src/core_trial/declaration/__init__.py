"""What a trial can declare: frozen values, checked when made."""
