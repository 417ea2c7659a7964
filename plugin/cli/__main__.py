"""``python -m plugin.cli``: the same as ``milepost``."""

from plugin.cli.command import main

if __name__ == "__main__":
    main()
