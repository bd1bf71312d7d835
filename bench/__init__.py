"""Speed and memory as ratios measured in one run: ``python -m bench [NAME ...]``.

All that is compared gets one thread for its linear algebra. The variables are read when NumPy is
loaded, which is why they are set here, before any benchmark is imported.
"""

import os

for _name in ("OPENBLAS", "OMP", "MKL", "RAYON"):
    os.environ.setdefault(f"{_name}_NUM_THREADS", "1")
