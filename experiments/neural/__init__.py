"""Neural conserved quantities: learned from data, used to tailor."""
