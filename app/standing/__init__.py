"""How does an organization stand with the authorities? Its listings and removals, each decided by two persons."""
