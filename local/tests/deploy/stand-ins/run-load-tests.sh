#!/usr/bin/env bash
# Loads nothing.
echo "load $* of $BASE_URL" >>"$TREE/called"
case " $* " in *" --smoke "*) name=smoke ;; *) name=load ;; esac
[[ $(cat "$TREE/failing" 2>/dev/null) != "$name" ]]
