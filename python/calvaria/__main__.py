"""``python -m calvaria`` is the command ``calvaria``."""

from calvaria.cli import main

if __name__ == "__main__":
    main()
