"""A client of schema registries that speak Confluent's API (Confluent, Apicurio, Karapace)."""
