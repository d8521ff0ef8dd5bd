#!/usr/bin/env bash
# Starts a fresh stack, runs the published clients against it and stops it. E2E_PORT_BASE chooses its four ports.
set -euo pipefail
cd "$(dirname "$0")"
bin=$(cd ../.. && pwd)/.venv/bin

data_dir=$(mktemp -d)
stop() {
  status=$?
  if [ "$status" -ne 0 ]; then tail -n 20 "$data_dir"/logs/*.log >&2 || true; fi
  "$bin/fantooo" down --data-dir "$data_dir"
  rm -rf "$data_dir"
  exit "$status"
}
trap stop EXIT

port_base=${E2E_PORT_BASE:-$("$bin/python" -c 'from local.ports import free_port; print(free_port(4))')}
"$bin/fantooo" up --detach --data-dir "$data_dir" --port-base "$port_base"
npm ci --silent --no-fund --no-audit
set -a
. "$data_dir/env"
set +a
node --test --test-concurrency=1 ./*.test.mjs
cd ../..
"$bin/python" -m pytest -q -o addopts= tests/e2e
