"""Lists the Debian packages of an image for BuildKit: a scanner for its software bills of materials.

BuildKit mounts the image's files, says where in BUILDKIT_SCAN_SOURCE, and takes what is left in BUILDKIT_SCAN_DESTINATION.
"""

import json
import os
import pathlib

source = pathlib.Path(os.environ["BUILDKIT_SCAN_SOURCE"])
destination = pathlib.Path(os.environ["BUILDKIT_SCAN_DESTINATION"])

paragraphs = (source / "var/lib/dpkg/status").read_text().split("\n\n")
fields = [dict(line.split(": ", 1) for line in text.splitlines() if ": " in line) for text in paragraphs if text.strip()]
packages = [
    {"SPDXID": f"SPDXRef-{number}", "name": package["Package"], "versionInfo": package["Version"]}
    for number, package in enumerate(fields)
]
statement = {
    "_type": "https://in-toto.io/Statement/v0.1",
    "predicateType": "https://spdx.dev/Document",
    "predicate": {"SPDXID": "SPDXRef-DOCUMENT", "spdxVersion": "SPDX-2.3", "name": source.name, "packages": packages},
}
(destination / "packages.spdx.json").write_text(json.dumps(statement))
