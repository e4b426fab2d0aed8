#!/usr/bin/env bash
# Run a command beside a Slurm of one node, this machine, that begins and ends with it:
#
#   apt-get install slurmctld slurmd slurm-client munge
#   scripts/cluster/one_node_slurm.sh snakemake --profile dgx-slurm --slurm-status-command squeue --configfile ...
#
# The daemons are real, and a job is a real job. What the node has is only said: 8 GPUs, 64 processors, 1 TB, as a DGX
# might have, so that jobs wait for each other's GPUs as they would there. Slurm keeps no accounts here: ask squeue.
set -euo pipefail

for program in munged slurmctld slurmd sbatch; do
    PATH=$PATH:/usr/sbin command -v $program > /dev/null || {
        echo "$0: $program is missing: apt-get install slurmctld slurmd slurm-client munge" >&2
        exit 1
    }
done
export PATH=$PATH:/usr/sbin

folder=$(mktemp -d)
daemons=()
end() {
    for ((n = ${#daemons[@]} - 1; n >= 0; n--)); do
        kill "${daemons[n]}" && wait "${daemons[n]}" || true
    done
    rm -rf "$folder"
}
trap end EXIT

node=$(hostname -s)
cat > "$folder/slurm.conf" << CONF
ClusterName=one_node
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=26817
SlurmdPort=26818
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthInfo=socket=$folder/munge.socket
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
GresTypes=gpu
NodeName=$node NodeAddr=127.0.0.1 CPUs=64 RealMemory=1000000 Gres=gpu:8
PartitionName=all Nodes=$node Default=YES
CONF
touch "$folder"/gpu{0..7}
echo "Name=gpu File=$folder/gpu[0-7]" > "$folder/gres.conf"
mkdir "$folder/state" "$folder/spool"
chmod 755 "$folder"
head -c 1024 /dev/urandom > "$folder/munge.key"
chmod 400 "$folder/munge.key"
export SLURM_CONF=$folder/slurm.conf

# Snakemake's plugin takes all of SLURM_* but a job's number from its environment: here srun would not find the rest
mkdir "$folder/bin"
printf '#!/bin/sh\nSLURM_CONF=%s exec %s "$@"\n' "$SLURM_CONF" "$(command -v srun)" > "$folder/bin/srun"
chmod +x "$folder/bin/srun"
export PATH=$folder/bin:$PATH

munged --foreground --force --key-file "$folder/munge.key" --socket "$folder/munge.socket" \
    --pid-file "$folder/munge.pid" --seed-file "$folder/munge.seed" --log-file "$folder/munge.log" \
    2> "$folder/munge.err" & daemons+=($!)
slurmctld -D > "$folder/slurmctld.log" 2>&1 & daemons+=($!)
slurmd -D -N "$node" > "$folder/slurmd.log" 2>&1 & daemons+=($!)
for _ in {1..60}; do
    [[ $(sinfo --noheader --format %T 2> /dev/null) == idle ]] && break
    sleep 0.5
done
if [[ $(sinfo --noheader --format %T) != idle ]]; then
    tail -n 5 "$folder"/*.log >&2
    exit 1
fi
"$@"
