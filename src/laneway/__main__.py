"""Main: `python -m laneway` is the command line."""

from laneway.cli.main import app

if __name__ == "__main__":
    app()
