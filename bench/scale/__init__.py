"""Scale: a day of load on paper: what each part would have to do, held against what it was measured to do."""
