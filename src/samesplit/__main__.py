"""`python -m samesplit` is `samesplit`."""

from __future__ import annotations

from samesplit.cli import main

if __name__ == "__main__":
    main()
