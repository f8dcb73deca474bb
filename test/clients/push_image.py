"""Pushes an image to a registry through the ECR Public API with boto3.

Usage: push_image.py ENDPOINT_URL REPOSITORY TAG FOLDER

FOLDER holds the image in skopeo's `dir:` form. The repository is created. Prints the image's digest.
"""

import json
import pathlib
import sys

import boto3


def upload_layer(client, repository, path, digest):
    upload = client.initiate_layer_upload(repositoryName=repository)
    first = 0
    with path.open("rb") as layer:
        while part := layer.read(upload["partSize"]):
            last = first + len(part) - 1
            answer = client.upload_layer_part(
                repositoryName=repository,
                uploadId=upload["uploadId"],
                partFirstByte=first,
                partLastByte=last,
                layerPartBlob=part,
            )
            assert answer["lastByteReceived"] == last, answer
            first = last + 1
    client.complete_layer_upload(repositoryName=repository, uploadId=upload["uploadId"], layerDigests=[digest])


def push(client, repository, tag, folder):
    text = (folder / "manifest.json").read_bytes().decode()
    manifest = json.loads(text)
    client.create_repository(repositoryName=repository)
    for blob in [manifest["config"], *manifest["layers"]]:
        upload_layer(client, repository, folder / blob["digest"].removeprefix("sha256:"), blob["digest"])
    image = client.put_image(
        repositoryName=repository,
        imageManifest=text,
        imageManifestMediaType=manifest["mediaType"],
        imageTag=tag,
    )
    return image["image"]["imageId"]["imageDigest"]


if __name__ == "__main__":
    endpoint, repository, tag, folder = sys.argv[1:]
    client = boto3.client("ecr-public", region_name="us-east-1", endpoint_url=endpoint)
    print(push(client, repository, tag, pathlib.Path(folder)))
