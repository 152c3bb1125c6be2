# Sourced: one function for each recipe.
# shellcheck shell=bash

document=$root/server/probes.md

# recipe HEADING [N]: prints the Nth fenced block below the heading that begins with HEADING, as it stands.
recipe() {
  printf '%s %d\n' "$1" "${2:-1}" >>"$work/tried"
  blocks | awk -F '\t' -v heading="$1" -v number="${2:-1}" '
    index($1, heading) == 1 && $2 == number { print $3; found = 1 }
    END { exit !found }' || fail "server/probes.md has no block ${2:-1} below '$1'."
}

# Each line of a block, after its heading and the block's number there.
blocks() {
  awk '
    /^#+ / && !inside { sub(/^#+ /, ""); heading = $0; number = 0; next }
    /^```/ { inside = !inside; number += inside; next }
    inside { printf "%s\t%d\t%s\n", heading, number, $0 }' "$document"
}

# run_beside NAME COMMAND...: its output goes to WORK/NAME.log.
run_beside() {
  "${@:2}" >"$work/$1.log" 2>&1 </dev/null &
  processes+=($!)
}

# logged NAME TEXT
logged() {
  grep -qF -- "$2" "$work/$1.log"
}

start_service() {
  mkdir -p /etc/coroecho /var/log/coroecho
  { recipe Probes && recipe rsyslog 1; } >/etc/coroecho/coroecho.yaml
  run_beside service coroecho --config /etc/coroecho/coroecho.yaml
  service=$!
  wait_until 10 grep -q 'listening on udp' /var/log/coroecho/coroecho.log
}

# Takes some seconds, beside the others.
start_nmap() {
  run_beside nmap bash -c "$(recipe nmap) -oX '$work/scan.xml'"
  scan=$!
}

# Without a reply that nmap recognizes, it only looks the port up in a table.
check_nmap() {
  wait "$scan" || fail "nmap fails: $(cat "$work/nmap.log")"
  local protocol
  for protocol in tcp udp; do
    grep -qE "protocol=\"$protocol\" portid=\"7\">.*state=\"open\".*<service name=\"echo\" method=\"probed\"" "$work/scan.xml" ||
      fail "nmap finds over $protocol: $(cat "$work/scan.xml")"
  done
  ok "nmap -sV recognizes echo by its replies, over TCP and UDP"
}

probe_succeeds() {
  bash "$work/probe" | grep -q '^probe_success 1$'
}

check_blackbox() {
  recipe 'Prometheus: blackbox' >/etc/prometheus/blackbox.yml
  recipe 'Prometheus: blackbox' 2 >"$work/probe"
  run_beside blackbox prometheus-blackbox-exporter --config.file=/etc/prometheus/blackbox.yml --web.listen-address=127.0.0.1:9115
  wait_until 10 probe_succeeds
  ok "the blackbox exporter's query_response gets its line back"
}

check_plugins() {
  local command
  mapfile -t plugins < <(recipe Nagios)
  ((${#plugins[@]} == 2)) || fail "The recipe of the plugins has ${#plugins[@]} commands."
  for command in "${plugins[@]}"; do
    wait_until 10 bash -c "$command"
  done
  ok "check_tcp and check_udp return OK for the text that they get back"
}

# Beside the recipe's check there is one that only connects.
check_haproxy() {
  cat >/etc/haproxy/haproxy.cfg <<'CFG'
global
  log stdout format raw local0 info
defaults
  mode tcp
  log global
  timeout connect 2s
  timeout client 1m
  timeout server 1m
listen connects
  bind :8008
  server only 192.0.2.99:7 check inter 500ms fall 2 rise 1
CFG
  recipe HAProxy >>/etc/haproxy/haproxy.cfg
  run_beside haproxy haproxy -db -f /etc/haproxy/haproxy.cfg
  wait_until 10 echoes 127.0.0.1 8007
  ok "HAProxy takes the recipe and passes connections on"
}

check_smokeping() {
  recipe SmokePing 1 >/usr/local/bin/echoping
  chmod a+x /usr/local/bin/echoping
  recipe SmokePing 2 >/etc/smokeping/config.d/Probes
  recipe SmokePing 3 >/etc/smokeping/config.d/Targets
  # The package's other files stay, but for the one with the passwords of slaves.
  : >/etc/smokeping/config.d/Slaves
  local folders=$work/smokeping
  mkdir -p "$folders"
  printf '%s = %s\n' sendmail /bin/true imgcache "$folders" imgurl images datadir "$folders" piddir "$folders" \
    smokemail /etc/smokeping/smokemail tmail /etc/smokeping/tmail precreateperms 2775 >/etc/smokeping/config.d/pathnames
  smokeping --config=/etc/smokeping/config --debug >"$work/smokeping.log" 2>&1 || fail "SmokePing fails: $(cat "$work/smokeping.log")"
  # uptime, loss and median, then the times.
  grep -qP '^Calling RRDs::update\(.*:ping20 \d+:U:0(:\d+\.\d+){21}\)' "$work/smokeping.log" ||
    fail "SmokePing measures: $(cat "$work/smokeping.log")"
  ok "SmokePing's EchoPing measures 20 echoes over UDP and loses none"
}

check_rsyslog() {
  recipe rsyslog 2 >/etc/rsyslog.d/coroecho.conf
  mkdir "$work/rsyslog"
  printf 'global(workDirectory="%s")\ninclude(file="/etc/rsyslog.d/coroecho.conf")\n' "$work/rsyslog" >/etc/rsyslog.conf
  run_beside rsyslog rsyslogd -n -f /etc/rsyslog.conf -i "$work/rsyslog.pid"
  printf '"quoted" \\ \377\n' | coroecho-client 192.0.2.99 7 >/dev/null
  wait_until 10 grep -qE ' 192\.0\.2\.7:[0-9]+ closed by client, 13 in, 13 out$' /var/log/coroecho/endings.log
  ok "rsyslog reads the JSON log into fields"
}

is_down() {
  logged haproxy 'Server echo/site is DOWN, reason: Layer7 timeout'
}

# The kernel accepts connections for a service that is stopped. Each probe must notice that nothing comes back.
check_a_stuck_service() {
  local command status
  local -A probes=()
  kill -STOP "$service"
  run_beside probe bash "$work/probe"
  local probe=$!
  for command in "${plugins[@]}"; do
    bash -c "$command" >/dev/null 2>&1 &
    probes[$command]=$!
  done
  wait_until 20 is_down
  ! logged haproxy 'Server connects/only is DOWN' || fail "The check that only connects has noticed, too: then this proves nothing."
  ok "HAProxy's tcp-check takes out a service that is stuck, which a check of the connection does not notice"
  for command in "${!probes[@]}"; do
    status=0
    wait "${probes[$command]}" || status=$?
    ((status == 2)) || fail "'$command' ends with $status for a service that is stuck."
  done
  ok "check_tcp and check_udp are critical for it"
  wait "$probe"
  logged probe 'probe_success 0' || fail "The blackbox exporter is content with a service that is stuck: $(cat "$work/probe.log")"
  ok "the blackbox exporter's probe fails for it"
  kill -CONT "$service"
  wait_until 10 logged haproxy 'Server echo/site is UP'
  wait_until 10 probe_succeeds
  ok "all of them take it back when it goes on"
}

rotated_lines() {
  [[ $(zcat -f /var/log/coroecho/coroecho.log* | grep -c '"event":"receive".*rotated') == "$1" ]]
}

# The package's file as it is; systemctl(1) reaches this test's service. Clients come and go meanwhile.
check_logrotate() {
  # shellcheck disable=SC2016 # of the script
  printf '#!/bin/sh\n[ "$*" = "kill --kill-whom=main --signal=USR2 coroecho.service coroecho@*.service" ] && kill -USR2 %d\n' \
    "$service" >/usr/local/bin/systemctl
  chmod a+x /usr/local/bin/systemctl
  cp "$root/scripts/debian/logrotate" /etc/logrotate.d/coroecho
  local clients
  for _ in {1..3}; do
    for _ in {1..20}; do
      coroecho-client 192.0.2.99 7 <<<rotated >/dev/null || fail "The client failed."
    done &
    clients=$!
    logrotate --force --state "$work/logrotate" /etc/logrotate.d/coroecho || fail "logrotate fails."
    wait "$clients"
  done
  [[ -s /var/log/coroecho/coroecho.log && -s /var/log/coroecho/coroecho.log.1 && -s /var/log/coroecho/coroecho.log.2.gz ]] ||
    fail "logrotate leaves $(ls /var/log/coroecho)."
  wait_until 10 rotated_lines 60
  ok "logrotate rotates the log three times with the package's file, and no line is lost"
}

check_that_all_was_tried() {
  local heading number
  while IFS=$'\t' read -r heading number; do
    [[ $heading == Cisco* || $heading == Juniper* ]] && continue
    while read -r -a tried; do
      [[ $heading == "${tried[*]::${#tried[@]}-1}"* && $number == "${tried[-1]}" ]] && continue 2
    done <"$work/tried"
    fail "The block $number below '$heading' of server/probes.md is not tried."
  done < <(blocks | cut -f 1,2 | sort -u)
  ok "nothing on the page is left untried, but for the routers' part"
}
