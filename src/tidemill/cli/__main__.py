"""`python -m tidemill.cli` is `tidemill`."""

from tidemill.cli.main import main

if __name__ == "__main__":
    main()
