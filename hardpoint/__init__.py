"""AI-workstation hardening on pyinfra."""
