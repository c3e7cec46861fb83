"""Every refusal names a cure, and the cure works."""
