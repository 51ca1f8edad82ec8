"""Does the IBSI engine give the reference values? `samesplit ibsi` asks this room."""
