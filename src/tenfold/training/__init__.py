"""Train k networks (members: one per fold, or per fold and trial) as one stacked network.

One Lightning Trainer trains them all. The package needs torch, Lightning and numpy, and nothing
else of tenfold. `catalogue` and `settings` are light to import: torch is loaded when a network is
built.
"""

import os

# Sums do not depend on the number of threads; MKL reads this when it is first used.
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")
