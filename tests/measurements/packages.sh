# The packages: equal in two builds, installed and removed with dpkg, and the program installed from the packaged crate.
# Needs what .ci/package needs, and a C compiler for aarch64 (Debian's gcc-aarch64-linux-gnu). Takes half an hour on
# two cores: it builds the program three times. --discovery-srv is tried with dnsmasq, the image with podman, buildah or
# docker, if they are there.
commit=$(git rev-parse HEAD)

# package NAME: builds the packages from a clone of its own.
package() {
  git clone --quiet . "$work/$1/clone"
  (cd "$work/$1/clone" && git checkout --quiet "$commit" && .ci/package "$work/$1/packages")
}

check "packages are built" package first
packages=$work/first/packages
check "packages of another folder are built" package second/elsewhere
check "both builds are byte-identical" cmp "$packages/SHA256SUMS" "$work/second/elsewhere/packages/SHA256SUMS"

root=$work/root
as_root() { dpkg --root="$root" --force-not-root --force-script-chrootless --log=/dev/null "$@"; }
mkdir -p "$root/var/lib/dpkg"/{info,updates,triggers}
touch "$root/var/lib/dpkg/status" "$root/var/lib/dpkg/available"
check "the Debian package is installed" as_root --install "$packages"/*.deb
installed=$root/usr/bin/leasetop
check "it contains the commit in its version" grep -q "commit ${commit:0:12}" <("$installed" --version)
check "it needs no library" sh -c "! readelf --dynamic '$installed' | grep NEEDED"
goal "size of the binary [MB]" "$(stat -c %s "$installed" | awk '{ print $1 / 1e6 }')" 0 10
for path in man/man1/leasetop.1 man/man1/leasetop-run.1 bash-completion/completions/leasetop doc/leasetop/examples/config.toml; do
  check "it contains $path" sh -c "ls '$root/usr/share/$path' || ls '$root/usr/share/$path.gz'"
done
check "its sample config is accepted" "$installed" --config "$root/usr/share/doc/leasetop/examples/config.toml" keys
start_etcd
check "it grants a lease" "$installed" --endpoints "$endpoint" grant 60
if command -v dnsmasq >/dev/null; then
  echo "nameserver 127.99.0.1" >"$work/resolv.conf"
  # etcd listens on IPv4 only, so the address that a client tries first may refuse it.
  dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --local=/example.org/ --listen-address=127.99.0.1 --bind-interfaces \
    --srv-host="_etcd-client._tcp.example.com,node.example.com,${endpoint##*:}" \
    --host-record=node.example.com,127.0.0.1,::1 2>"$work/dnsmasq.log" &
  by_srv() {
    # shellcheck disable=SC2016
    unshare --mount sh -c 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"' - "$work/resolv.conf" \
      "$installed" --discovery-srv "$@"
  }
  sleep 1
  check "it finds endpoints in SRV records" by_srv example.com grant 60
  nothing_there() {
    by_srv example.org list 2>&1 | grep -F 'there are no SRV records _etcd-client-ssl._tcp.example.org and _etcd-client._tcp.example.org'
  }
  check "it names SRV records that do not exist" nothing_there
fi
check "it is removed" as_root --purge leasetop
check "no file is left" sh -c "! find '$root/usr' -type f | grep ."

for builder in podman buildah docker; do
  # docker may be there without its daemon.
  "$builder" info >/dev/null 2>&1 || continue
  mkdir "$work/image"
  tar -xzf "$packages"/*.tar.gz --strip-components 1 -C "$work/image"
  check "$builder builds the image" "$builder" build --tag leasetop --file assets/Containerfile "$work/image"
  break
done

# The crates are not published: each takes the others from the files that would be.
cargo package --locked --workspace --no-verify --allow-dirty --quiet --target-dir "$work/crates"
patches=()
for crate in "$work/crates/package"/*.crate; do
  tar -xzf "$crate" -C "$work/crates"
  name=$(basename "$crate" | sed 's/-[0-9.]*\.crate$//')
  [ "$name" = leasetop ] || patches+=(--config "patch.crates-io.$name.path='${work}/crates/$(basename "$crate" .crate)'")
done
install_crate() { (cd "$work/crates"/leasetop-* && cargo install --path . --root "$work/installed" "${patches[@]}"); }
check "cargo installs the packaged crate" install_crate
check "that program contains the commit in its version" grep -q "commit ${commit:0:12}" <("$work/installed/bin/leasetop" --version)
if command -v rustup >/dev/null; then
  oldest=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
  check "Rust $oldest is installed" rustup toolchain install --profile minimal "$oldest"
  check "it compiles with Rust $oldest, the oldest that README names" cargo "+$oldest" check --locked --workspace --target-dir "$work/oldest"
fi
check "it compiles for aarch64" cargo check --locked --workspace --target aarch64-unknown-linux-gnu
# Goals: every line says ok.
