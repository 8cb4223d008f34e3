"""Who, when and where to: procedures as data, decided without side effects. Knows no web and no database."""
