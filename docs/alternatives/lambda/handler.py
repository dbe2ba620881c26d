"""Makes a frame of each video that is uploaded to S3: a video is too large for a request to Lambda."""

import os
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import unquote_plus

import boto3

s3 = boto3.client("s3")


def handle(event, context):
    """Gets events of S3 for uploads/NAME, and leaves results/NAME.jpg in the same bucket."""
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        key = unquote_plus(record["s3"]["object"]["key"])
        with tempfile.TemporaryDirectory() as folder:
            video, frame = Path(folder, "video"), Path(folder, "frame.jpg")
            s3.download_file(bucket, key, str(video))
            make_frame(video, frame)
            result = f"results/{key.removeprefix('uploads/')}.jpg"
            s3.upload_file(str(frame), bucket, result, ExtraArgs={"ContentType": "image/jpeg"})


def make_frame(video, frame):
    """ffmpeg may open this file and nothing else, and knows no secret. A damaged video is an error, and is not retried."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-protocol_whitelist", "file", "-ss", "1", "-i", str(video)]
    command += ["-frames:v", "1", "-vf", "scale='min(1280,iw)':-2", "-y", str(frame)]
    subprocess.run(command, check=True, timeout=60, env={"PATH": os.environ["PATH"]})
