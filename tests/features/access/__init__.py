"""Access: who comes in, and what they reach."""
