#!/usr/bin/env bash
# Runs load tests: pre-flight, each scenario in k6, one table, and an exit status that says
# whether every limit held. `--help` tells how it is called.
set -euo pipefail

# Files are named from where this is called.
for name in RETAIL_CSV AUTH_KEY TOKENS; do
  case ${!name:-} in '' | /*) ;; *) export "$name=$PWD/${!name}" ;; esac
done
cd "$(dirname "$0")/.."

readonly ALL="health-check webhook-processing rate-limiting catalogue checkout mixed stress soak cold-start"
# Of ready tokens each user takes one, and so does who watches.
readonly USERS=102 WRITING="webhook-processing checkout"
readonly PYTHON=.tools/venv/bin/python K6=.tools/venv/bin/k6
readonly RUNS=${CARGO_TARGET_DIR:-target}/loadtest

usage() {
  cat <<'EOF'
loadtest/run-load-tests.sh [-t NAME[,NAME…]]… [--smoke] [--write] [--kill-cache]

  -t NAME       health-check, webhook-processing, rate-limiting, catalogue, checkout, mixed,
                stress, soak or cold-start; all of them without it
  --smoke       seconds each, with the debug build: is everything right? Not: is it fast?
  --write       let a deployed stage be written to (or ALLOW_WRITES=1)
  --kill-cache  in `mixed`, on a system of its own: kill the cache half-way
  --help        this

Without BASE_URL it starts a system of its own on a free port, and stops it. Variables:

  BASE_URL      a deployed stage instead; only read from, unless --write
  RATE          requests a second at most, 0 for no ceiling; 10 for a deployed stage, which is
                what its catalogue lets an address have
  DURATION      seconds of a scenario's main part
  SOAK_MINUTES  minutes of the soak, default 15
  RETAIL_CSV    sales to sell from (the columns of the Online Retail data set), else made up
  PATIENCE      seconds that a deployed stage may stay unhealthy before anything runs, default
                360: detailed health is that of the last five minutes
  THRESHOLDS    limits besides those committed: 'METRIC:LIMIT[;…]', as k6 writes them

For a deployed stage:

  AUTH_KEY, AUTH_ISSUER, AUTH_AUDIENCE   file with a private JWK (EC P-256 or RSA) whose public
                                         half the stage knows, and the claims that it wants
  TOKENS                                 instead: file with access tokens of 102 users, one a line
  STRIPE_WEBHOOK_SECRETS, STANDARD_WEBHOOK_SECRETS   what events are signed with
  HEALTH_TOKEN                           for detailed health, if it asks for one
EOF
}

say() { echo "load tests: $*" >&2; }
fail() { say "$*"; exit 2; }
has() { [[ " $1 " == *" $2 "* ]]; }

# The table stands for DynamoDB: how fast a disk takes its writes is not what is measured.
roomy_memory() {
  local room
  room=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
  if [[ ${room:-0} -gt 2000000 && -w /dev/shm ]]; then echo /dev/shm; else echo "${TMPDIR:-/tmp}"; fi
}

# Of a run that could not clean up.
remove_leftovers() {
  local folder
  for folder in "$(roomy_memory)"/load-tests.*; do
    if [[ -r $folder/pid ]] && ! kill -0 "$(<"$folder/pid")" 2>/dev/null; then rm -rf "$folder"; fi
  done
}

# In place of this shell's child: ends with this shell, however that ends, where the system can.
tethered() {
  if command -v setpriv >/dev/null; then exec setpriv --pdeathsig TERM "$@"; else exec "$@"; fi
}

chosen="" smoke=0 write=${ALLOW_WRITES:-0} kill_cache=0
while (($#)); do
  case $1 in
    -t) chosen+=" ${2:?"-t needs a name"}"; shift ;;
    --smoke) smoke=1 ;;
    --write) write=1 ;;
    --kill-cache) kill_cache=1 ;;
    --help | -h) usage; exit ;;
    *) usage >&2; fail "there is no option $1" ;;
  esac
  shift
done
chosen=${chosen//,/ }
for name in ${chosen:=$ALL}; do has "$ALL" "$name" || fail "there is no scenario $name: $ALL"; done

ours=1 target=local
if [[ -n ${BASE_URL:-} ]]; then
  ours=0 BASE_URL=${BASE_URL%/} target=${BASE_URL#*://} RATE=${RATE:-10}
  target=${target#*@}
  ((!kill_cache)) || fail "--kill-cache is for a system of our own"
else
  unset TOKENS HEALTH_TOKEN
fi
[[ ${RATE:=0} =~ ^[0-9]+$ ]] || fail "RATE=$RATE is no number of requests a second"
[[ ${PATIENCE:=360} =~ ^[0-9]+$ ]] || fail "PATIENCE=$PATIENCE is no number of seconds"
profile=load PRODUCTS=2800
((!smoke)) || profile=debug PRODUCTS=300
LOCAL=${LOCAL:-${CARGO_TARGET_DIR:-target}/$profile/local}
remove_leftovers
work=$(mktemp -d "$(roomy_memory)/load-tests.XXXXXX") stack="" stack_limits="" helper="" rule="" load="" runs=() status=0
export RUN RATE KEYS=$work CATALOGUE=$work/catalogue.json SMOKE=$smoke IS_OURS=$ours TARGET_NAME=$target
export FLEET_IS_COUNTED=1 MAY_WRITE=$((ours || write)) KILL_CACHE=$((kill_cache && ours)) BASE_URL SCENARIO OUT
RUN=$(date -u +%Y%m%dT%H%M%S)

echo $$ >"$work/pid"

# Whatever was started is stopped, however this ends.
stop() { [[ -z $1 ]] || { kill "$1" 2>/dev/null && wait "$1" 2>/dev/null; } || true; }
clean_up() { stop "$load"; stop "$helper"; stop "$stack"; rm -rf "$work"; }
trap clean_up EXIT
trap 'exit 130' INT TERM

# ── a system of our own ──────────────────────────────────────────────────────

secret() { echo "whsec_$(head -c 32 /dev/urandom | base64)"; }

make_keys() {
  "$K6" run --quiet loadtest/lib/make-key.js >"$work/k6.log" 2>&1 || { cat "$work/k6.log" >&2; fail "k6 made no key"; }
  export AUTH_KEY=$work/private.json AUTH_ISSUER=http://localhost:3000 AUTH_AUDIENCE=storefront-local
  export TRUSTED_JWKS STRIPE_WEBHOOK_SECRETS STANDARD_WEBHOOK_SECRETS
  TRUSTED_JWKS=$(<"$work/public.json") STRIPE_WEBHOOK_SECRETS=$(secret) STANDARD_WEBHOOK_SECRETS=$(secret)
}

# Each policy of the template, with what it says there, or off.
limits() {
  awk -v all="$1" '
    /^  RateLimit[A-Za-z]+:$/ { name = $1; sub(":", "", name); gsub(/[A-Z]/, "_&", name); policy = toupper(substr(name, 2)) }
    policy && $1 == "Default:" { print policy "=" (all == "on" ? $2 : "off"); policy = "" }
  ' template.yaml
}

start_stack() {
  stop "$stack"
  rm -f "$work/stack.log"
  # shellcheck disable=SC2046 # one word each
  tethered env $(limits "$1") "$LOCAL" run --port 0 --state "$work/state" >"$work/stack.log" 2>&1 &
  stack=$! stack_limits=$1
  local until=$((SECONDS + 120))
  until grep -qs 'Stop it with Ctrl-C' "$work/stack.log"; do
    kill -0 "$stack" 2>/dev/null && ((SECONDS < until)) || { cat "$work/stack.log" >&2; fail "the system did not start"; }
    sleep 0.1
  done
  BASE_URL=$(sed -n 's/.*"api": "\(.*\)".*/\1/p' "$work/state/stack.json")
}

fill_shop() {
  local csv=${RETAIL_CSV:-$work/retail.csv} slice
  [[ -n ${RETAIL_CSV:-} ]] || "$PYTHON" loadtest/prepare make "$csv" --products "$PRODUCTS"
  "$PYTHON" loadtest/prepare split "$csv" "$work/slices"
  for slice in "$work"/slices/*.csv; do
    "$LOCAL" import "$slice" --category "$(basename "$slice" .csv)" --stock 1000000 --url "$BASE_URL" --state "$work/state" >"$work/import.log" 2>&1 ||
      { cat "$work/import.log" >&2; fail "the catalogue could not be imported"; }
  done
}

# Each run has a fresh cache and fresh processes; a smoke run only other limits.
prepare_stack() {
  local limits=off
  [[ $1 != rate-limiting ]] || limits=on
  if ((!smoke)) || [[ $stack_limits != "$limits" ]]; then start_stack "$limits"; fi
}

# ── before anything runs ─────────────────────────────────────────────────────

missing=0
miss() { say "missing: $*"; missing=1; }
skip() { say "skipping $1: $2"; chosen=$(tr ' ' '\n' <<<"$chosen" | grep -vx "$1" | tr '\n' ' ' || true); }

check_tools() {
  command -v curl >/dev/null || miss "curl"
  [[ -x $K6 ]] || miss "k6: scripts/set-up loadtest"
  [[ -x $PYTHON ]] || miss "the tools' Python: scripts/set-up loadtest"
  [[ -z ${RETAIL_CSV:-} || -r $RETAIL_CSV ]] || miss "RETAIL_CSV=$RETAIL_CSV"
  if ((ours)); then
    [[ -x $LOCAL ]] || miss "$LOCAL: make loadtest builds it"
    command -v redis-server >/dev/null || command -v valkey-server >/dev/null || miss "redis-server: scripts/set-up loadtest"
  fi
}

check_stage() {
  local name
  if [[ $RATE != 0 ]]; then
    if has "$chosen" stress; then skip stress "under a ceiling nothing breaks (RATE=0)"; fi
    if has "$chosen" cold-start; then skip cold-start "under a ceiling nothing comes at once (RATE=0)"; fi
  fi
  if ((smoke)) && has "$chosen" rate-limiting && { ((!MAY_WRITE)) || [[ -z ${AUTH_KEY:-}${TOKENS:-} ]]; }; then
    skip rate-limiting "the limits that are soon used up are those of users who write"
  fi
  if ((!MAY_WRITE)); then
    for name in $WRITING; do has "$chosen" "$name" && skip "$name" "it writes, and $target is only read from without --write"; done
    say "$target is only read from, at most $RATE requests a second (RATE=)"
  else
    has "$chosen" checkout && [[ -z ${AUTH_KEY:-}${TOKENS:-} ]] && miss "AUTH_KEY or TOKENS, for users who buy"
    if signs; then
      for name in STRIPE_WEBHOOK_SECRETS STANDARD_WEBHOOK_SECRETS; do [[ -n ${!name:-} ]] || miss "$name, to sign events"; done
    fi
  fi
  if [[ -n ${AUTH_KEY:-} ]]; then
    [[ -r $AUTH_KEY ]] || miss "AUTH_KEY=$AUTH_KEY"
    [[ -n ${AUTH_ISSUER:-} && -n ${AUTH_AUDIENCE:-} ]] || miss "AUTH_ISSUER and AUTH_AUDIENCE, for AUTH_KEY"
  fi
  if [[ -n ${TOKENS:-} ]]; then
    [[ -r $TOKENS && $(grep -c . "$TOKENS") -ge $USERS ]] || miss "TOKENS=$TOKENS, with one token a user: $USERS of them"
  fi
  [[ $(ask "$BASE_URL/api/health") == 200 ]] || miss "an answer of $BASE_URL/api/health"
  check_health "$BASE_URL/api/health/detailed"
  export AUTH_KEY AUTH_ISSUER AUTH_AUDIENCE TOKENS HEALTH_TOKEN STRIPE_WEBHOOK_SECRETS STANDARD_WEBHOOK_SECRETS
}

# Whether a scenario tells events.
signs() {
  has "$chosen" webhook-processing || has "$chosen" checkout || has "$chosen" rate-limiting ||
    { [[ -n ${AUTH_KEY:-}${TOKENS:-} ]] && { has "$chosen" mixed || has "$chosen" soak; }; }
}

# The status of an answer, which is kept. The token goes by standard input: arguments are
# everyone's to read.
ask() {
  local token=${HEALTH_TOKEN:+header = \"Authorization: Bearer $HEALTH_TOKEN\"}
  curl --silent --max-time 10 --output "$work/answer" --write-out '%{http_code}' --config - "$1" <<<"$token" || true
}

# What failed a while ago, before a release or a rollback, is felt for as long as it is counted.
check_health() {
  local status until=$((SECONDS + PATIENCE))
  status=$(ask "$1")
  [[ $status != 503 ]] || say "$target is unhealthy (503), counting the last five minutes: waiting up to $PATIENCE s"
  while [[ $status == 503 ]] && ((SECONDS < until)); do sleep 5; status=$(ask "$1"); done
  case $status in
    200) ;;
    401) miss "the token that $1 asks for (401): HEALTH_TOKEN is another, or not set" ;;
    503) miss "health: $1 still says unhealthy (503)" ;;
    000) miss "an answer of $1: there is none" ;;
    *) miss "a healthy answer of $1: it is $status" ;;
  esac
  if ((!smoke)) && [[ $status == 200 ]] && grep -q '"scope":"environment"' "$work/answer"; then
    say "$target has no shared cache to count the fleet in: without the limits of its health"
    FLEET_IS_COUNTED=0
  fi
}

pre_flight() {
  check_tools
  ((ours)) || check_stage
  ((!missing)) || fail "nothing was run"
  if ((ours)); then
    make_keys
    start_stack off
    fill_shop
  fi
  "$PYTHON" loadtest/prepare list "$BASE_URL" "$CATALOGUE" --rate "$RATE" ${RETAIL_CSV:+--sales "$RETAIL_CSV"} >&2 ||
    fail "nothing was run"
}

# ── scenarios ────────────────────────────────────────────────────────────────

# What runs beside a scenario: who kills for it, who watches.
start_helper() {
  helper="" FAULTS_URL="" rule=""
  ((ours)) || return 0
  case $1 in
    soak) rule=growth ;;
    # Too short to tell growth. Where the cache is to die, one does; and in a smoke run processes
    # have what the scenarios before it left open.
    mixed) ((KILL_CACHE || smoke)) || rule=bounds ;;
  esac
  if [[ -n $rule ]]; then
    tethered "$PYTHON" loadtest/watch "$stack" "$OUT/processes.json" "$rule" &
    helper=$!
  elif [[ $1 == cold-start ]] || { [[ $1 == mixed ]] && ((KILL_CACHE)); }; then
    tethered "$PYTHON" loadtest/faults "$stack" "$work/faults" &
    helper=$!
    until [[ -s $work/faults ]]; do
      kill -0 "$helper" 2>/dev/null || fail "what kills functions and the cache did not start"
      sleep 0.1
    done
    FAULTS_URL=$(<"$work/faults")
    rm "$work/faults"
  fi
  export FAULTS_URL
}

stop_helper() {
  [[ -n $helper ]] || return 0
  kill "$helper" 2>/dev/null || true
  local ended=0
  wait "$helper" || ended=$?
  helper=""
  [[ -z $rule ]] || return "$ended"
}

run_scenario() {
  SCENARIO=$1 OUT=$RUNS/$(date -u +%Y%m%dT%H%M%S)-$1
  mkdir -p "$OUT"
  ((!ours)) || prepare_stack "$1"
  start_helper "$1"
  say "$1 …"
  local report=(K6_WEB_DASHBOARD=true K6_WEB_DASHBOARD_PORT=-1 K6_WEB_DASHBOARD_PERIOD=1s "K6_WEB_DASHBOARD_EXPORT=$OUT/report.html")
  # k6 shares the processors with what it loads: it may take memory, so as to take less of them.
  GOGC=400 tethered env "${report[@]}" "$K6" run --quiet --no-usage-report "loadtest/$1.js" > >(tee "$OUT/k6.log" >&2) 2>&1 &
  load=$!
  wait "$load" || status=1
  load=""
  stop_helper || status=1
  # The cache that it was given back goes with the helper.
  [[ $1 != mixed ]] || ((!KILL_CACHE)) || stack_limits=""
  runs+=("$OUT")
}

pre_flight
for name in $chosen; do run_scenario "$name"; done
((${#runs[@]})) || fail "nothing was run"
"$PYTHON" loadtest/table "${runs[@]}" || status=1
exit "$status"
