// Going through the stretches and setting their class, which is kept: in this browser or, served, in the table.

const content = JSON.parse(document.getElementById("content").textContent);
const token = new URLSearchParams(location.search).get("token");
const served = location.protocol === "http:" && token !== null;
const STORE = `leadline-review:${content.digest}`;
const WHO = "leadline-review:who";
const CLOSEST = 40;
const SHIFTED = 10;
const $ = (id) => document.getElementById(id);

const classes = content.classes.map((kind) => ({ ...kind, name: kind.word.replaceAll("_", " ") }));
const classOf = (code) => classes.find((kind) => kind.code === code);
const stretches = content.stretches.map((stretch) => ({ ...stretch, track: `${stretch.granule} ${stretch.beam}` }));
for (const stretch of stretches) stretch.id = `${stretch.track} ${stretch.x_start}`;
const byId = new Map(stretches.map((stretch) => [stretch.id, stretch]));

let table = content.corrections;
let list = [];
let here = null;
let ends = [0, 0];
let span = 0;
let segments = null;
let work = Promise.resolve();

// What is remembered: where one was, which stretches are chosen, the row of each one that is set, and what to undo.
const memory = { at: null, kind: "", track: "", order: "weight", rows: {}, history: [], ...JSON.parse(recall(STORE)) };

function choose() {
  list = stretches.filter((stretch) => (!memory.kind || stretch.kinds.includes(memory.kind)) &&
    (!memory.track || stretch.track === memory.track));
  if (memory.order === "along") {
    list.sort((one, other) => one.track.localeCompare(other.track) || one.x_start - other.x_start);
  }
}

function go(stretch, said = "") {
  here = stretch ?? null;
  memory.at = here?.id ?? memory.at;
  keep(STORE, JSON.stringify(memory));
  if (here) {
    const row = memory.rows[here.id];
    ends = row ? [+row[2], +row[3]] : [here.x_start, here.x_end];
    span = Math.max(200, 4 * (here.x_end - here.x_start));
    segments = segmentsOf(here);
    $("why").value = row?.[6] ?? `review: ${content.kinds[here.kind]}`;
  }
  $("error").textContent = "";
  show();
  say(said);
}

function say(said) {
  const place = here ? `Stretch ${list.indexOf(here) + 1} of ${list.length}: ${content.kinds[here.kind]}.` : "";
  $("status").textContent = [said, place].filter(Boolean).join(" ");
}

function step(by, said) {
  const place = list.indexOf(here) + by;
  if (place < 0) go(list[0], said ?? "This is the first.");
  else if (place >= list.length) go(list.at(-1), `${said ?? ""} This is the last.`.trim());
  else go(list[place], said);
}

function nextUnset() {
  const place = list.indexOf(here) + 1;
  const found = [...list.slice(place), ...list.slice(0, place)].find((stretch) => !memory.rows[stretch.id]);
  go(found ?? here, found ? "" : "All of these are set.");
}

async function ask(path, change) {
  let answer;
  try {
    answer = await fetch(`${path}?token=${encodeURIComponent(token)}`,
      change && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(change) });
  } catch {
    throw new Told("Nothing answers: is `snakemake review` still running? Start it again; what is set is kept.");
  }
  const told = await answer.json();
  if (!answer.ok) throw new Told(`Not saved: ${told.error}`);
  return told;
}

// Give a stretch a row in place of the one it has; either may be null.
async function change(stretch, given) {
  const taken = memory.rows[stretch.id] ?? null;
  const rows = served ? rowsOf(table) : [...rowsOf(table), ...Object.values(memory.rows)];
  const other = given && clashing(given, rows.filter((row) => !same(row, taken)));
  if (other) {
    const named = `${metres(+other[2])} to ${metres(+other[3])} m is ${other[4].replaceAll("_", " ")}`;
    throw new Told(`Not set: ${named} by hand already (${other[5]}); move the ends, or set that one first.`);
  }
  if (served) table = (await ask("/corrections", { given, taken })).text;
  if (given) memory.rows[stretch.id] = given;
  else delete memory.rows[stretch.id];
}

// What a person can mend.
class Told extends Error {}

// One thing after the other, however fast the keys; what goes wrong is told.
function next(doing) {
  work = work.then(doing).catch((error) => {
    $("error").textContent = error.message;
    if (!(error instanceof Told)) console.error(error);
  });
}

async function set(kind) {
  if (!here) return;
  const who = recall(WHO) ?? (await askWho());
  if (!who) return;
  const why = oneLine($("why").value) || "review";
  const given = [here.granule, here.beam, ...ends.map(metres), kind.word, who, why];
  const taken = memory.rows[here.id] ?? null;
  if (!same(given, taken)) {
    await change(here, given);
    memory.history.push([here.id, taken, given]);
  }
  step(1, `${kind.name} set.`);
}

async function takeBack() {
  const taken = here && memory.rows[here.id];
  if (!taken) return say("It is not set.");
  await change(here, null);
  memory.history.push([here.id, taken, null]);
  go(here, "Taken back.");
}

async function undo() {
  while (memory.history.length) {
    const [id, before, after] = memory.history.at(-1);
    const stretch = byId.get(id);
    if (stretch && same(memory.rows[id], after)) {
      await change(stretch, before);
      memory.history.pop();
      if (!list.includes(stretch)) clearChoice();
      return go(stretch, `Undone: ${before ? before[4].replaceAll("_", " ") + " again" : "not set"}.`);
    }
    memory.history.pop();
  }
  say("There is nothing to undo.");
}

function clearChoice() {
  Object.assign(memory, { kind: "", track: "" });
  $("kind").value = $("track").value = "";
  choose();
}

function move(which, segmentsOn, many) {
  if (!here) return;
  const length = content.segment_length;
  const [first, last] = reachOf(here);
  const moved = ends[which] + segmentsOn * length * (many ? SHIFTED : 1);
  const [least, most] = which ? [ends[0] + length, last] : [first, ends[1] - length];
  ends[which] = Math.min(Math.max(moved, least), most);
  show();
  $("status").textContent = `${which ? "End" : "Start"} moved: ${metres(ends[1] - ends[0])} m from start to end.` +
    (memory.rows[here.id] ? " Set the class again to keep it." : "");
}

function zoom(by) {
  if (!here) return;
  const [first, last] = reachOf(here);
  span = Math.min(Math.max(span * by, CLOSEST), last - first);
  show();
  $("status").textContent = `${metres(span)} m of track.`;
}

function askWho() {
  $("who-name").value = recall(WHO) ?? "";
  $("ask-who").showModal();
  return new Promise((resolve) => {
    $("ask-who").addEventListener("close", () => {
      const who = oneLine($("who-name").value);
      if (who) keep(WHO, who);
      showWho();
      resolve(recall(WHO));
    }, { once: true });
  });
}

async function save() {
  const n = Object.keys(memory.rows).length;
  if (served) {
    await ask("/done", {});
    document.body.className = "ended";
    $("status").textContent = `Done: ${counted(n, "stretch is", "stretches are")} set in ${content.table}, and the` +
      " server has stopped. This page can be closed; run snakemake again, and labels, classes and freeboard follow.";
    return;
  }
  const text = withRows(table, Object.values(memory.rows));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/tab-separated-values" }));
  link.download = "corrections.tsv";
  link.click();
  URL.revokeObjectURL(link.href);
  $("status").textContent = `corrections.tsv is the table with ${counted(n, "new row", "new rows")}:` +
    ` put it in place of ${content.table} and run snakemake again.`;
}

function fill(select, all, options, chosen) {
  $(select).replaceChildren(new Option(all, ""), ...options.map(([value, words]) => new Option(words, value)));
  $(select).value = chosen;
  if ($(select).selectedIndex < 0) $(select).value = memory[select] = "";
  $(select).addEventListener("change", choiceMade);
}

function choiceMade() {
  for (const name of ["kind", "track", "order"]) memory[name] = $(name).value;
  choose();
  go(list.includes(here) ? here : list[0], `${list.length} stretches; Escape goes back to them.`);
}

const ACTIONS = {
  back: ["ArrowLeft", () => next(() => step(-1))],
  skip: ["s ArrowRight", () => next(() => step(1))],
  undo: ["z", () => next(undo)],
  "take-back": ["x", () => next(takeBack)],
  "next-unset": ["n", () => next(nextUnset)],
  "start-earlier": ["q", (many) => move(0, -1, many)],
  "start-later": ["w", (many) => move(0, 1, many)],
  "end-earlier": ["e", (many) => move(1, -1, many)],
  "end-later": ["r", (many) => move(1, 1, many)],
  closer: ["+ =", () => zoom(1 / 2)],
  farther: ["- _", () => zoom(2)],
  why: ["c", () => $("why").select()],
  kind: ["f", () => $("kind").focus()],
  who: ["i", () => next(askWho)],
  save: ["d", () => next(save)],
  help: ["? h", () => $("keys").showModal()],
  first: ["Home", () => next(() => go(list[0]))],
  last: ["End", () => next(() => go(list.at(-1)))],
};
const keys = new Map(Object.values(ACTIONS).flatMap(([names, act]) => names.split(" ").map((name) => [name, act])));

function prepare() {
  for (const kind of classes) {
    const button = document.createElement("button");
    const swatch = Object.assign(document.createElement("span"), { className: "swatch" });
    const key = Object.assign(document.createElement("kbd"), { textContent: kind.key });
    swatch.style.background = kind.colour;
    button.type = "button";
    button.dataset.word = kind.word;
    button.append(key, " ", swatch, " ", kind.name);
    button.addEventListener("click", () => next(() => set(kind)));
    keys.set(kind.key, () => next(() => set(kind)));
    $("classes").append(button);
  }
  for (const [id, [, act]] of Object.entries(ACTIONS)) {
    if ($(id)?.tagName === "BUTTON") $(id).addEventListener("click", (event) => act(event.shiftKey));
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.matches("input, select")) {
      if (event.key === "Escape" || event.key === "Enter") $("main").focus();
      return;
    }
    const act = keys.get(event.key) ?? keys.get(event.key.toLowerCase());
    const held = event.repeat && classes.some((kind) => kind.key === event.key);
    if (!act || held || document.body.classList.contains("ended")) return;
    event.preventDefault();
    act(event.shiftKey);
  });
  const kinds = Object.entries(content.kinds).map(([kind, words]) =>
    [kind, words, stretches.filter((stretch) => stretch.kinds.includes(kind)).length]);
  const tracks = [...new Set(stretches.map((stretch) => stretch.track))].sort();
  fill("kind", "all", kinds.filter(([, , n]) => n).map(([kind, words, n]) => [kind, `${words} (${n})`]), memory.kind);
  fill("track", "all", tracks.map((track) => [track, track]), memory.track);
  $("order").value = memory.order;
  $("order").addEventListener("change", choiceMade);
  tellWhatItIs();
  showWho();
  new ResizeObserver(() => here && drawFigures(memory.rows[here.id])).observe($("figures"));
}

async function begin() {
  if (served) table = (await ask("/corrections")).text;
  takeRows();
  choose();
  go(list.find((stretch) => stretch.id === memory.at) ?? list.find((stretch) => !memory.rows[stretch.id]) ?? list[0]);
}

prepare();
next(begin);
