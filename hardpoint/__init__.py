"""hardpoint checks, fixes and proves the security of AI workstations, with pyinfra."""

__version__ = "0.1.0"
