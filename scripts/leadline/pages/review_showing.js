// What the page shows of where one is: in words, on the buttons, and in the figures.

function show() {
  const nSet = list.filter((stretch) => memory.rows[stretch.id]).length;
  const place = here ? list.indexOf(here) + 1 : 0;
  $("progress").textContent = `stretch ${place} of ${list.length}, ${nSet} set`;
  document.title = `${place} of ${list.length} – label review – leadline`;
  for (const id of ["classes", "ends", "figures"]) $(id).hidden = !here;
  if (!here) {
    $("title").textContent = stretches.length ? "None of these" : "No stretch is in doubt";
    $("doubt").textContent = stretches.length ? "Choose another kind of doubt, or another track." : "";
    return;
  }
  const row = memory.rows[here.id];
  const length = metres(here.x_end - here.x_start);
  $("title").textContent = `${here.track}, x_atc ${metres(ends[0])} to ${metres(ends[1])} m`;
  $("doubt").textContent = doubtInWords(length);
  for (const button of $("classes").children) button.ariaPressed = row?.[4] === button.dataset.word;
  $("take-back").disabled = !row;
  drawFigures(row);
}

function doubtInWords(length) {
  const label = here.label === 255 ? "no label of the scene" :
    `scene ${classOf(here.label).name} (confidence ${here.confidence.toFixed(2)})`;
  const network = `network ${classOf(here.surface_class).name} (${(100 * here.probability).toFixed(0)} %)`;
  const kinds = here.kinds.map((kind) => content.kinds[kind]).join("; ");
  return `${kinds}. ${length} m: ${label}, ${network}; some ${Math.ceil(here.weight)} m may be wrong.`;
}

function drawFigures(row) {
  const beside = besideOf(here);
  const [first, last] = reachOf(here);
  const middle = (here.x_start + here.x_end) / 2;
  const shown = [Math.max(first, middle - span / 2), Math.min(last, middle + span / 2)];
  const mine = row && { x_start: +row[2], x_end: +row[3], code: classes.find((kind) => kind.word === row[4]).code };
  const [scene, close] = [$("scene"), $("close-up")];
  if (!close.clientWidth) return;
  const scenePicture = drawScene(here, ends, shown, sceneReach(shown, close.clientWidth), beside, scene.clientWidth);
  const closePicture = drawCloseUp(here, segments, ends, mine, shown, beside, classes, content.segment_length,
    close.clientWidth);
  for (const [figure, picture] of [[scene, scenePicture], [close, closePicture]]) {
    figure.querySelector("svg")?.remove();
    figure.prepend(picture);
  }
  $("scene-caption").textContent = here.laid ? laidInWords(here) : "No scene coincides with this stretch.";
}

function laidInWords({ scene, laid }) {
  const lag = `${Math.abs(laid.lag).toFixed(0)} min ${laid.lag < 0 ? "before" : "after"} the track`;
  return `${scene}, ${lag}, laid on it ${wayOf(laid.source)} to ± ${laid.uncertainty.toFixed(0)} m. Brightness; the` +
    " flight goes from left to right. Dashed: the close-up; brackets: the stretch; hatched: no data.";
}

const counted = (n, one, more) => `${n} ${n === 1 ? one : more}`;
const wayOf = (source) => ({ "by hand": "by hand", estimated: "by its estimated drift" })[source] ?? source;

function showWho() {
  $("who").lastElementChild.textContent = recall(WHO) ?? "who I am";
}

function tellWhatItIs() {
  $("save").lastElementChild.textContent = served ? "done" : "download the table";
  $("save-help").textContent = served ? "done: the server stops; every class is saved as it is set" :
    `download the table of corrections, to be put in place of ${content.table}`;
  $("campaign").textContent = (content.source === "simulated" ? "Simulated campaign. " : "") +
    `The ${counted(stretches.length, "stretch that matters", "stretches that matter")} most of` +
    ` ${content.n_found} in doubt.`;
  $("close-up-caption").textContent = "Heights: dots are signal photons, close to the stretch; bars reach from the" +
    ` lowest to the highest photon kept of each ${content.segment_length} m segment, and marks are its median by the` +
    " network's class (circle thick ice, triangle thin ice, square open water, cross unknown); dashed the sea surface.";
}
