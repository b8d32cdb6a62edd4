#!/bin/sh
# Trains on a computer that is rented for minutes, and packs what this run has made into parts that are small enough to take home.
#
#   sh deploy/rented_gpu.sh DATA PARTS MINUTES [arguments of train.py]
#
# DATA     a file of packed photos (python train.py --pack FILE), a folder of data sets, or both as "photos.pack digits"
# PARTS    folder for what is to be taken home: train.log, and checkpoints and films as models.tar.aa, .ab ... of 16 MB each
# MINUTES  after which training stops; as long as the folder made/ is there, the same command goes on
#
# At home: cat PARTS/models.tar.* | tar -x -C checkpoints && python train.py --evaluate
set -eu
: "${3:?is missing; give DATA, PARTS and MINUTES, as in: sh deploy/rented_gpu.sh photos.pack parts 9}"
data=$1 parts=$2 minutes=$3
shift 3
mkdir -p made "$parts"
rm -f "$parts"/models.tar.*
export LATENT_LAB_CACHE="$PWD/made/.cache" PYTHONUNBUFFERED=1
touch made/.began # what is older came along, or was packed before
ended=0
timeout -k 30 "${minutes}m" python3 train.py --data $data --out made "$@" >>"$parts/train.log" 2>&1 || ended=$?
tail -n 40 "$parts/train.log"
(cd made && find . -maxdepth 1 -newer .began '(' -name '*.safetensors' -o -name '*.film' -o -name '*.npz' ')' | sort | tar -c -T -) |
    split -b 16000000 - "$parts/models.tar."
ls -l "$parts"
exit "$ended"
