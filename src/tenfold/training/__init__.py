"""The training room: k networks as one stacked network under one Lightning Trainer.

It needs torch, Lightning and numpy, and nothing else of tenfold. The registries are light to
import: they name functions of torch, which `registry.resolve` loads when a network is built.
"""

import os

# Sums do not depend on the number of threads; MKL reads this when it is first used.
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")
