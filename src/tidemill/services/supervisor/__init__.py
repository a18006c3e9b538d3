"""The process that keeps the servers of one project running.

- `daemon`: the loop; `managed`: the life of one server; `failures`: what a dead server's log says.
- `client`: starting the supervisor, asking it, stopping it. Used by `tidemill.control`.
- `status`: what it says, as data. `logs`: log files.

The supervisor is found and asked through files in the state folder: a lock held by the living
process says that it runs, `status.json` says how the servers are, a file in `requests/` is a wish.
No port, no socket. SIGTERM stops all servers and then the supervisor.
"""
