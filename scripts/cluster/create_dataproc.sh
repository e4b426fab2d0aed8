#!/usr/bin/env bash
# Create a Dataproc cluster that is ready for leadline, from a git checkout of it:
#
#   scripts/cluster/create_dataproc.sh NAME REGION gs://BUCKET/FOLDER [FLAG OF gcloud dataproc clusters create ...]
#
# A flag given here wins over the same flag below. The cluster stops, and keeps its disks, after four hours without a
# Spark job. Public addresses are for the package index; --no-address where the network has a way out of its own.
set -euo pipefail

name=${1:?name of the cluster} region=${2:?region, as in europe-west4} place=${3:?gs://BUCKET/FOLDER}
cd "$(dirname "$0")/../.."

git archive --format=tar.gz HEAD | gcloud storage cp - "$place/setup/leadline.tar.gz"
gcloud storage cp scripts/cluster/install_on_node.sh "$place/setup/"
gcloud dataproc clusters create "$name" \
    --region="$region" \
    --image-version=2.3-debian12 \
    --master-machine-type=n2-standard-16 \
    --master-boot-disk-type=pd-ssd \
    --master-boot-disk-size=1000GB \
    --num-workers=2 \
    --worker-machine-type=n2-standard-8 \
    --worker-boot-disk-size=200GB \
    --public-ip-address \
    --metadata="leadline-place=$place" \
    --initialization-actions="$place/setup/install_on_node.sh" \
    --initialization-action-timeout=30m \
    --properties=spark:spark.pyspark.python=/opt/leadline/.venv/bin/python \
    --stop-max-idle=4h \
    "${@:4}"
