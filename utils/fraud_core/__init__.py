"""What every part shares: settings, the event contract, errors, database access, logging."""
