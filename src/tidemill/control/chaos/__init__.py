"""Use case `chaos`: a pipeline on real servers, faults at seeded moments, and what must hold.

- `run`: the use case; `model`: what it is asked and gives back; `store`: results on disk
- `schedule`: actions drawn from a seed, one line each; `minimise`: the shortest that still fails
- `scene`: what faults act on: `servers` (behind `relay`), `engine_process`, the feed
- `faults/`: one fault per file, those of change data capture in `faults/cdc/`
- `reference/`, `change_capture/`: the built-in pipelines, each with its feed and its checks;
  `project_pipeline/`: one of the project
- `trial`: one run of a schedule over one scene
"""
