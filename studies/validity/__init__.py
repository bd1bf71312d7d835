"""How often each model is wrong in simulated trials with workers in one arm.

A study is a list of cells. A cell is one way in which trials come about (`cell.Mechanism`) with the
analyses that are applied to each of its trials (`cell.Analysis`). To add one, add it to the list
of its study: running, counting and the table follow from it.

    python -m studies.validity [CELLS ...] [--replicates N] [--workers N] [--out docs]

Every cell draws from generators of its own, which follow from its name: it does not matter which
other cells are run, in which order, or on how many processes.
"""
