"""CORE's rules between columns, files and people, a module for each topic."""
