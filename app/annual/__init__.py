"""What does an organization report every year, and what does its registrar conclude?"""
