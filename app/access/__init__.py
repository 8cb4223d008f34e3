"""Who is it, and what do they reach? People, roles, sign-in, what each route asks of its caller."""
