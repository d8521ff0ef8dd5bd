"""Write docs/openapi.json, the document of what the API serves. It needs no settings and no database."""

from pathlib import Path

from flask import Flask

from api import RESOURCES, openapi


def main() -> None:
    app = Flask(__name__)
    for resource in RESOURCES:
        app.register_blueprint(resource)
    Path(__file__).with_name("openapi.json").write_text(openapi.render(openapi.document(app)))


if __name__ == "__main__":
    main()
