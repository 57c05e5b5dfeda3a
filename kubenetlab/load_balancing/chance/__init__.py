"""How far apart independent connections fall by chance alone, in closed form."""
