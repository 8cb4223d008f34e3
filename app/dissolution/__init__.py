"""How does an organization end? Its liquidation, what must be settled before, and the end of its registration."""
