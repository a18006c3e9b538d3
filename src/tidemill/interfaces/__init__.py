"""READ FIRST: the contracts between the rooms. Nothing here does anything.

- `options`: how a connector or format declares its options, once.
- `source`, `sink`, `lookup`: what a connector implements; `connector`: how it is registered.
- `format`: bytes to Arrow rows and back.
- `operator`: a stateful piece of the embedded engine.
- `registry`: a list by name that imports only what is looked up.
- `service`: a real server as a child process.

Each docstring says who calls, in what order and from which thread; what is guaranteed, and what is
not; and what failure means. The contract suites in `tidemill.testing` hold implementations to it.
"""
