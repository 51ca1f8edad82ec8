"""Do the filters give the reference maps and values of IBSI-2? `samesplit ibsi --standard 2` asks this room."""
