"""What the executables of this folder and the package `servers` are made of."""
