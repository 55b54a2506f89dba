"""The program that runs on a managed host: standard library only, Python >= 3.9, nothing installed."""
