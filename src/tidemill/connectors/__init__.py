"""The room `connectors`."""
