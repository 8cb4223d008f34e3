"""What each kind of case must know before it decides: one file per kind, its facts and its guards."""
