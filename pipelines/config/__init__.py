"""Settings from the command line and configuration files, and the instruments they name."""
