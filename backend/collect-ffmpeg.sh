#!/bin/sh
# Collects ffmpeg and ffprobe in a folder, with the libraries that they are linked to and that the base does not have.
#
#   sh collect-ffmpeg.sh FOLDER
#
# Installs ffmpeg from Debian's packages where it is not there already. The entries of the packages go to
# var/lib/dpkg/status.d, where scanners of images look for packages of images without apt.
set -eu

folder=$1
had=$(mktemp)
wanted=$(mktemp)

if command -v ffmpeg >/dev/null; then
  # The base of the image has it: there is nothing to bring.
  mkdir -p "$folder"
  exit 0
fi
find /usr/bin /usr/lib -name '*.so*' | sort >"$had"
apt-get update
apt-get install -y --no-install-recommends ffmpeg

ldd /usr/bin/ffmpeg /usr/bin/ffprobe | awk '$2 == "=>" { print $3 }' | sort -u | while read -r library; do
  # Under its real folder: /lib is a link, which must stay one.
  echo "$(readlink -f "$(dirname "$library")")/$(basename "$library")"
done | sort -u | comm -23 - "$had" >"$wanted"
printf '%s\n' /usr/bin/ffmpeg /usr/bin/ffprobe >>"$wanted"

mkdir -p "$folder/var/lib/dpkg/status.d" "$folder/etc/ld.so.conf.d"
while read -r file; do
  mkdir -p "$folder$(dirname "$file")"
  cp --dereference --preserve=mode "$file" "$folder$file"
  # By its name: some packages know it as /lib, where it is /usr/lib.
  echo "*/$(basename "$(readlink -f "$file")")"
done <"$wanted" | xargs dpkg --search | cut -d: -f1 | sort -u | while read -r package; do
  dpkg --status "$package" >"$folder/var/lib/dpkg/status.d/$package"
done
# Some lie beside the usual folders: pulseaudio's, and those of alternatives.
sed 's:/[^/]*$::' "$wanted" | grep '^/usr/lib/' | sort -u >"$folder/etc/ld.so.conf.d/ffmpeg.conf"
