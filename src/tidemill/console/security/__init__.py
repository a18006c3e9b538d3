"""Who may do what: tokens, sessions, the guard before every route, limits, the audit log."""
