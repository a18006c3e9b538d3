"""The room `observe`."""
