#!/bin/bash
# What the tests need beside Python packages: a browser, a PostgreSQL server of the distribution, an identity
# provider and a directory server for single sign-on, what pipelines call, and the npm packages of the generated
# clients.
set -eu
cd "$(dirname "$0")/.."

packages=()
command -v chromium-headless-shell >/dev/null 2>&1 || packages+=(chromium-headless-shell)
compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || packages+=(postgresql)
[ -d /usr/share/simplesamlphp/www ] || packages+=(simplesamlphp)
command -v php >/dev/null 2>&1 || packages+=(php-cli)
compgen -G '/usr/lib/php/*/dom.so' >/dev/null || packages+=(php-xml)
compgen -G '/usr/lib/php/*/mbstring.so' >/dev/null || packages+=(php-mbstring)
[ -x /usr/sbin/slapd ] || packages+=(slapd ldap-utils)
for tool in curl jq openssl; do
    command -v "$tool" >/dev/null 2>&1 || packages+=("$tool")
done
if [ "${#packages[@]}" -gt 0 ]; then
    install="apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ${packages[*]}"
    if [ "$(id -u)" != 0 ]; then
        echo "The tests need Debian packages. Run: sudo sh -c '$install'" >&2
        exit 1
    fi
    echo "Installing ${packages[*]} ..." >&2
    sh -c "$install" >/dev/null
fi

clients=tests/e2e/clients
if [ -f "$clients/package-lock.json" ] && [ ! "$clients/node_modules/.package-lock.json" -nt "$clients/package-lock.json" ]; then
    if ! command -v npm >/dev/null 2>&1; then
        echo "The tests generate a TypeScript client and need Node.js 20 with npm." >&2
        exit 1
    fi
    echo "Installing npm packages ..." >&2
    (cd "$clients" && npm ci --no-audit --no-fund --silent && touch node_modules/.package-lock.json)
fi
