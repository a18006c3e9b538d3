"""The room `services`."""
