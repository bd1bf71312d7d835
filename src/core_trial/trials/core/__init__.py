"""The CORE trial, declared."""
