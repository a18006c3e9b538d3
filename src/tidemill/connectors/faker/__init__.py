"""`faker`: rows of made-up names, addresses and the like, by the expressions of Flink's connector.

Value i of a field depends on the seed, the field and i alone (times also on the clock), so that a
position can be read anew. What the library Faker knows comes from a pool of its values, drawn once.
"""
