"""From text and frames to factors and columns: the parts of `formula`, `columns`, `coding`."""
