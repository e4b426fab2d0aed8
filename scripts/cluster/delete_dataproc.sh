#!/usr/bin/env bash
# Copy the results of a Dataproc cluster into its folder of the bucket, and delete the cluster:
#
#   scripts/cluster/delete_dataproc.sh NAME REGION gs://BUCKET/FOLDER
set -euo pipefail

name=${1:?name of the cluster} region=${2:?region, as in europe-west4} place=${3:?gs://BUCKET/FOLDER}

zone=$(gcloud dataproc clusters describe "$name" --region="$region" \
    --format="value(config.gceClusterConfig.zoneUri.basename())")
gcloud compute ssh "$name-m" --zone="$zone" \
    --command="gcloud storage rsync /srv/leadline/results '$place/results' --recursive --preserve-posix"
gcloud dataproc clusters delete "$name" --region="$region" --quiet
