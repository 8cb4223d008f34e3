"""How fast is it, measured beside what the machine could do at best? Ratios of one interleaved run, never seconds."""
