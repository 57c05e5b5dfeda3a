"""Tests, recordings and the tools that make them."""
