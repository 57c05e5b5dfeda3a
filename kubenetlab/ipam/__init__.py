"""Who gets which address: allocators of the real components and what their ranges can hold."""
