"""The web console and its HTTP API; needs the extra `tidemill[console]`.

It only calls `control/`: whatever a page shows or does, the API does too. `server.py` opens it,
`app.py` puts it together, `security/` guards every route.
"""
