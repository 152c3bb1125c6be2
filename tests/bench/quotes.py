"""Puts the tables of a measurement into documents."""
import re


def put(path, sections):
    """Replaces what is between <!-- TITLE --> and <!-- end --> by the section of that title, if it was measured. A section
    stays on the line on which it stands."""
    def replaced(found):
        title, line = found.groups()
        return line.join([f"<!-- {title} -->", *sections[title], "<!-- end -->"]) if title in sections else found[0]
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(r"<!-- ([^>]+) -->(\n?).*?<!-- end -->", replaced, text, flags=re.DOTALL))
