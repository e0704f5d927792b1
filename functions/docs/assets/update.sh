#!/usr/bin/env bash
# Vendors another version of Swagger UI: `functions/docs/assets/update.sh 5.35.0`. Then change the version in
# `page.html`, `page.css` and `src/assets.rs`, and `cargo test -p docs` says whether they agree.
set -euo pipefail
version=$1
assets=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
package=$(mktemp -d)
trap 'rm -r "$package"' EXIT

cd "$package"
npm pack --silent "swagger-ui-dist@$version"
tar --extract --gzip --strip-components=1 --file "swagger-ui-dist-$version.tgz"
rm -f "$assets"/swagger-ui-*
# The last lines name source maps, which are not here. `--no-name` keeps the time out, so that the same version gives
# the same bytes.
sed '/^\/\*# sourceMappingURL=/d' swagger-ui.css | gzip -9 --no-name > "$assets/swagger-ui-$version.css.gz"
sed '/^\/\/# sourceMappingURL=/d' swagger-ui-bundle.js | gzip -9 --no-name > "$assets/swagger-ui-$version.js.gz"
cat NOTICE <(echo) LICENSE <(echo) swagger-ui-bundle.js.LICENSE.txt > "$assets/swagger-ui-$version.licences.txt"
