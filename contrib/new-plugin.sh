#!/bin/bash
# Copy the plugin template and give it a name: contrib/new-plugin.sh NAME [FOLDER]
set -eu
name=${1:-}
if ! [[ $name =~ ^[a-z][a-z0-9_]{1,40}$ ]]; then
    echo "Say a name of lower case letters, digits and underscores: make plugin NAME=acme" >&2
    exit 1
fi
template=$(cd "$(dirname "$0")/../plugin-template" && pwd)
target=${2:-$(dirname "$template")/plugins}/$name
if [ -e "$target" ]; then
    echo "$target is there already" >&2
    exit 1
fi
mkdir -p "$target"
(cd "$template" && find . -type f -not -path '*/__pycache__/*' -not -path '*.egg-info/*' -not -path './build/*') | while read -r file; do
    path=$target/${file//template/$name}
    mkdir -p "$(dirname "$path")"
    sed -e "s/template/$name/g" -e "s/Template/${name^}/g" "$template/$file" >"$path"
done
echo "Made $target. Install it: pip install -e $target"
