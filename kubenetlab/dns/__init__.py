"""Which names are asked, what answers, and what it costs."""
