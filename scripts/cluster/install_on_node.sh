#!/usr/bin/env bash
# Make a node of a Dataproc cluster ready for leadline: the initialisation action of create_dataproc.sh, run as root.
#
# /opt/leadline is the locked environment, the same on each node. The first cluster builds it and leaves it packed in
# the bucket, where later nodes and clusters find it. /srv/leadline is the master's, and the workers see it over NFS.
set -euo pipefail

metadata() { /usr/share/google/get_metadata_value "attributes/$1"; }
place=$(metadata leadline-place)
role=$(metadata dataproc-role)
master=$(metadata dataproc-master)

mkdir -p /opt/leadline
gcloud storage cat "$place/setup/leadline.tar.gz" > /opt/leadline.tar.gz
tar -xzf /opt/leadline.tar.gz -C /opt/leadline Makefile pyproject.toml requirements.lock

apt-get update
packed=$place/environments/$(cat /opt/leadline/{pyproject.toml,requirements.lock} | sha256sum | cut -c 1-16).tar.gz
if gcloud storage objects describe "$packed" > /dev/null 2>&1; then
    gcloud storage cat "$packed" | tar -xz -C /opt/leadline
else
    apt-get install --yes --no-install-recommends python3.11-venv g++ make
    PATH=/usr/bin:$PATH make -C /opt/leadline ready
    [[ $role != Master ]] || tar -cz -C /opt/leadline .venv | gcloud storage cp - "$packed"
fi

mkdir -p /srv/leadline
if [[ $role == Master ]]; then
    # executors write as yarn on the workers, the driver as leadline here: on the shared disk both are leadline
    useradd --create-home --shell /bin/bash leadline
    tar -xzf /opt/leadline.tar.gz -C /srv/leadline
    chown -R leadline: /srv/leadline
    apt-get install --yes --no-install-recommends nfs-kernel-server
    to="(rw,sync,no_subtree_check,all_squash,anonuid=$(id -u leadline),anongid=$(id -g leadline))"
    echo "/srv/leadline 10.0.0.0/8$to 172.16.0.0/12$to 192.168.0.0/16$to" >> /etc/exports
    exportfs -ra
    cat > /etc/profile.d/leadline.sh << 'PROFILE'
export PATH=/opt/leadline/.venv/bin:$PATH SPARK_HOME=/usr/lib/spark
PROFILE
else
    apt-get install --yes --no-install-recommends nfs-common
    echo "$master:/srv/leadline /srv/leadline nfs hard,noatime 0 0" >> /etc/fstab
    until mount /srv/leadline; do sleep 10; done
fi
