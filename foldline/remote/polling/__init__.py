"""Many waits with few calls: whose end is near is read often, a list tells the rest."""
