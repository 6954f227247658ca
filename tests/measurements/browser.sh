# The report of each recording in tests/recordings in a headless browser: nothing is blank, cut off or too wide. Needs chromium.
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
  echo "tests/measure: no chromium; on Debian: apt install chromium" >&2
  exit 2
}
# Pictures stay in $LEASETOP_PICTURES, if it is set.
pictures=${LEASETOP_PICTURES:-$work/pictures}
mkdir -p "$pictures"

# open_page FILE WIDTH COLOURS(0 dark, 1 light) OPTIONS...: opens a page in a window of this width.
open_page() {
  local file=$1 width=$2 colours=$3
  shift 3
  "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/profile" \
    --blink-settings=preferredColorScheme="$colours" --window-size="$width",1400 "$@" "file://$file" 2>"$work/browser.log"
}

# What the page does not contain: a script. It is added to a copy, and writes what it measures into the document.
cat >"$work/measure.js" <<'END'
const all = (selector) => [...document.querySelectorAll(selector)];
const outside = all("figure svg text").filter((text) => {
  const box = text.getBBox();
  const view = text.ownerSVGElement.viewBox.baseVal;
  return box.x < view.x - 1 || box.x + box.width > view.x + view.width + 1;
});
const labels = all("figure.raster g.row text.key");
const covered = labels.filter((label) => label.getBBox().x + label.getBBox().width > 250);
const blank = all("figure svg").filter((svg) => svg.querySelectorAll("path, line").length < 3);
const figures = {
  rows: all("figure.raster g.row").length,
  charts: all("figure.sawtooth svg").length,
  events: all("table.events tbody tr").length,
  leases: all("tbody tr").length - all("table.events tbody tr").length,
  too_wide: Math.max(0, document.documentElement.scrollWidth - window.innerWidth),
  texts_outside: outside.length,
  labels_in_the_plot: covered.length,
  blank_figures: blank.length,
  scripts: all("script").length - 1,
};
document.body.insertAdjacentText("beforeend", Object.entries(figures).map(([name, value]) => `\nfigure ${name} ${value}`).join("") + "\n");
END

for recording in tests/recordings/*.gz; do
  name=$(basename "$recording" .jsonl.gz)
  page=$work/$name.html
  check "$name: the page is made" "$leasetop" report "$recording" --output "$page"
  leases=$("$leasetop" report "$recording" --md | grep -c '^| `' || true)
  # The policy of the page forbids scripts.
  sed -e '/Content-Security-Policy/d' -e "/<\/body>/e printf '<script>'; cat '$work/measure.js'; printf '</script>\n'" "$page" >"$work/measured.html"
  for width in 1200 500; do
    open_page "$work/measured.html" "$width" 1 --dump-dom | sed -n 's/^figure //p' >"$work/figures"
    goal "$name, $width wide: rows of the raster" "$(figure rows)" "$leases" "$leases"
    goal "$name, $width wide: rows of the table of leases" "$(figure leases)" "$leases" "$leases"
    goal "$name, $width wide: charts" "$(figure charts)" 1 8
    goal "$name, $width wide: events" "$(figure events)" 1 400
    for none in too_wide texts_outside labels_in_the_plot blank_figures scripts; do
      goal "$name, $width wide: $none" "$(figure "$none")" 0 0
    done
  done
  for colours in 0 1; do
    open_page "$page" 1200 "$colours" --screenshot="$pictures/$name-$colours.png" >/dev/null
    goal "$name: bytes of the picture with colours $colours" "$(stat -c %s "$pictures/$name-$colours.png")" 20000 2000000
  done
  check "$name: dark and light differ" sh -c "! cmp -s '$pictures/$name-0.png' '$pictures/$name-1.png'"
  "$leasetop" report "$recording" --svg >"$work/$name.svg"
  open_page "$work/$name.svg" 1060 1 --screenshot="$pictures/$name-svg.png" >/dev/null
  goal "$name: bytes of the SVG picture" "$(stat -c %s "$pictures/$name-svg.png")" 20000 2000000
done
# Goals: every line says ok.
