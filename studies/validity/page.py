"""The study as a page."""


def lacking(table, cells):
    return [c.name for c in cells]
