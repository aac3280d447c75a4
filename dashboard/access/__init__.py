"""Who may see what: users, sessions, the guard around every request, the login page."""
