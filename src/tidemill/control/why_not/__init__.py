"""Where a message of a topic ended in a pipeline, or what it is part of."""
