"""Tables and figures as files for a manuscript: Word, LaTeX, Excel and tidy CSV."""
