#!/usr/bin/env bash
# Starts the programs of a control plane, and ends them when nobody holds the other end of its standard input any more. Each
# line there is a name and a shell command; the process id is written to FOLDER/NAME.pid. So whether the tests have finished, panicked or been killed, nothing is left running. What a test
# has started itself stands by process id in FOLDER/running/ for as long as it runs, and is ended with it.
#   supervise.sh FOLDER
set -u
folder=$1
programs=()

while read -r name command; do
    (eval "exec $command") </dev/null &
    programs+=($!)
    echo $! >"$folder/$name.pid"
done

# Nothing here is worth an orderly end: the data is thrown away.
[[ ${#programs[@]} -eq 0 ]] || kill -KILL "${programs[@]}" 2>/dev/null
for file in "$folder"/running/*; do
    [[ -e $file ]] && kill -KILL "${file##*/}" 2>/dev/null
done
wait 2>/dev/null
rm -rf "$folder"
