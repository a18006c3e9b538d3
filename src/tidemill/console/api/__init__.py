"""The HTTP API: one group of routes per file, each with `router(hub)`; described by OpenAPI.

Everything a page does has its route here. Answers are the plain data of `control/`; an error is
`{"code", "message", "where", "detail", "hint"}` with a fitting status.
"""
