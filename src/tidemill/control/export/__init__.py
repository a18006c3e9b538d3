"""Exports: a project as files for Docker Compose or Kubernetes, with official images.

- `images`: which image each server is, by the versions of `servers.lock`
- `servers`: each server as a container: ports, environment, health, volume
- `connections`: the exported project's `tidemill.yaml`, which names them
- `compose`, `kubernetes`: both written as the two systems have them; `texts`: what stands beside
- `export`: the use case
"""
