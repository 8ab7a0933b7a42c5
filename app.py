"""The embedded default: `python app.py` serves the web and runs the night shift in one process."""

from familydoc import create_app

app = create_app()

if __name__ == "__main__":
    from familydoc.serve import main

    main(app)
