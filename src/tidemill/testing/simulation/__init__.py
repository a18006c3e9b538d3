"""A simulation of the engine: its real loop, graph, epochs and recovery, in a seed's world.

Time, logs, sinks, disk and the order in which things run belong to the simulation; everything else
is the engine. `python -m tidemill.testing.simulation --seeds 1000` runs seeds and says what went
wrong in which; `run_seed` runs one. The same seed gives the same trace on every machine.
"""

from tidemill.testing.simulation.run import Outcome, folder, run_seed

__all__ = ["Outcome", "folder", "run_seed"]
