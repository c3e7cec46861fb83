"""What the champion has learnt: the columns that carry it, how it answers, where it errs."""

from tenfold.inspection.findings import Inspection, inspect

__all__ = ["Inspection", "inspect"]
