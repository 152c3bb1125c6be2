"""Checks a software bill of materials: the form that SPDX 2.3 asks for, this machine's versions, every library of the program.

    bill.py FILE PROGRAM
"""

import json
import os
import re
import subprocess
import sys

IDENTIFIER = re.compile(r"SPDXRef-[A-Za-z0-9.-]+")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def check_form(bill):
    assert bill["spdxVersion"] == "SPDX-2.3" and bill["dataLicense"] == "CC0-1.0"
    assert bill["SPDXID"] == "SPDXRef-DOCUMENT" and bill["name"]
    assert re.fullmatch(r"https://[^#\s]+", bill["documentNamespace"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", bill["creationInfo"]["created"])
    assert all(re.match("(Tool|Person|Organization): ", creator) for creator in bill["creationInfo"]["creators"])
    identifiers = {"SPDXRef-DOCUMENT"} | {package["SPDXID"] for package in bill["packages"]}
    assert len(identifiers) == 1 + len(bill["packages"]), "an identifier is given twice"
    assert all(IDENTIFIER.fullmatch(identifier) for identifier in identifiers)
    for package in bill["packages"]:
        assert package["name"] and package["versionInfo"] and package["downloadLocation"] and package["licenseConcluded"]
        (purl,) = (reference for reference in package["externalRefs"] if reference["referenceType"] == "purl")
        assert re.fullmatch(r"pkg:(deb/debian|generic)/[^@\s]+@[^\s?]+(\?arch=\w+&distro=\S+)?", purl["referenceLocator"]), purl
    for relationship in bill["relationships"]:
        assert {relationship["spdxElementId"], relationship["relatedSpdxElement"]} <= identifiers, relationship


def check_versions(bill, name):
    for package in bill["packages"]:
        if package["name"] != name:
            versions = output("dpkg-query", "-W", "-f", "${Version}\n", package["name"]).split()
            assert package["versionInfo"] in versions, package


def check_libraries(bill, program):
    """Those that the loader loads."""
    names = {package["SPDXID"]: package["name"] for package in bill["packages"]}
    linked = {names[relationship["relatedSpdxElement"]]
              for relationship in bill["relationships"] if relationship["relationshipType"] == "DYNAMIC_LINK"}
    needed = re.findall(r"NEEDED.*\[(.*)\]", output("readelf", "--dynamic", program))
    paths = dict(re.findall(r"^\s*(\S+) => (/\S+)", output("ldd", program), re.MULTILINE))
    for library in needed:
        if library in paths:
            path = os.path.realpath(paths[library])
            owner = output("dpkg-query", "--search", "*" + path.removeprefix("/usr")).split(":")[0]
            assert owner in linked, f"{library} of {owner} is not in {linked}"
    return linked


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        bill = json.load(file)
    check_form(bill)
    check_versions(bill, bill["packages"][0]["name"])
    linked = check_libraries(bill, sys.argv[2])
    names = {package["name"] for package in bill["packages"]}
    for compiled in r"libboost[\d.]+-dev", r"libstdc\+\+-\d+-dev", r"libc6-dev":
        assert any(re.fullmatch(compiled, name) for name in names), f"{compiled} is not in {names}"
    print(f"{len(names)} packages, {len(linked)} of them linked")


main()
