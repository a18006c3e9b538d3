"""The room `cli`."""

import gc

# A start imports about a thousand modules, which make 200,000 objects and no garbage. With Python's
# default (700) the collector looks through all of them again and again: 15 % of the start's CPU.
gc.set_threshold(300_000, 20, 20)
